//! What is wrong with a spec.

use serde::{Deserialize, Serialize};

/// A mistake in a spec that only the merged settings show.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize, thiserror::Error)]
#[error("{}: {message}", self.place())]
pub struct Invalid {
    /// Where, for instance `historicals.hot.resources`; empty: the spec as a whole.
    pub path: String,
    /// What is wrong and what to write instead.
    pub message: String,
}

impl Invalid {
    pub(crate) fn new(path: impl Into<String>, message: impl Into<String>) -> Self {
        Self { path: path.into(), message: message.into() }
    }

    fn place(&self) -> String {
        if self.path.is_empty() { "spec".to_owned() } else { format!("spec.{}", self.path) }
    }
}
