//! What is wrong with a spec.

use serde::{Deserialize, Serialize};

/// A mistake in a spec that the schema can't show: one of the merged settings, or by the author's own rules.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize, thiserror::Error)]
#[error("{}: {message}", self.place())]
pub struct Invalid {
    /// Where, for instance `historicals.hot.resources`; empty: the spec as a whole.
    pub path: String,
    /// What is wrong and what to write instead.
    pub message: String,
}

impl Invalid {
    /// A mistake at a path below the spec.
    pub fn new(path: impl Into<String>, message: impl Into<String>) -> Self {
        Self { path: path.into(), message: message.into() }
    }

    fn place(&self) -> String {
        if self.path.is_empty() { "spec".to_owned() } else { format!("spec.{}", self.path) }
    }
}
