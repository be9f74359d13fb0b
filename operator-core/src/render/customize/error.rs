//! What a hook can't do.

use crate::settings::unknown::{UNKNOWN, below};

/// Why the hook can't change the objects: a sentence that says what to write instead.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum HookError {
    /// The author's own words, as of `format!(…).into()`.
    #[error("{0}")]
    Author(String),
    /// Only nodes have pods.
    #[error("the cluster as a whole has no pods; look for `scope.node`")]
    NoPods,
    /// The JSON of an object isn't that of its type.
    #[error("{object}: {error}")]
    Unreadable {
        /// Kind and name.
        object: String,
        /// Where, and what is wrong.
        error: String,
    },
    /// An object has fields that its type hasn't: they would be lost.
    #[error("{object}: {}: {}", paths(.fields), UNKNOWN)]
    Unknown {
        /// Kind and name.
        object: String,
        /// JSON pointers of the fields.
        fields: Vec<String>,
    },
    /// There is no object of this kind.
    #[error("there is no {0}; there is no object of this kind")]
    NoneOfKind(String),
    /// There is no object of this name.
    #[error("there is no {object}; there are: {names}")]
    NoObject {
        /// Kind and name.
        object: String,
        /// The names of the objects of the kind.
        names: String,
    },
    /// A configuration file.
    #[error("the ConfigMap {0} is named by its content; compute the file by `with = …` instead")]
    Immutable(String),
    /// A kind that isn't one of the usual, with its API version.
    #[error("{0} ({1}) is no kind that is watched; name it in `const KINDS` of `impl Customize`")]
    UnknownKind(String, String),
    /// An object without a name.
    #[error("the {0} that is added has no metadata.name; give it one")]
    NoName(String),
    /// An object in another namespace.
    #[error("the {object} is in namespace {namespace}; children are in that of the cluster, {own}: leave it out")]
    Namespace {
        /// Kind and name.
        object: String,
        /// Its namespace.
        namespace: String,
        /// The cluster's.
        own: String,
    },
    /// An object whose name exists.
    #[error("there is a {0} already; change it, or use another name")]
    Exists(String),
}

impl From<String> for HookError {
    fn from(sentence: String) -> Self {
        Self::Author(sentence)
    }
}

impl From<&str> for HookError {
    fn from(sentence: &str) -> Self {
        Self::Author(sentence.to_owned())
    }
}

fn paths(fields: &[String]) -> String {
    fields.iter().map(|pointer| below(String::new(), pointer)).collect::<Vec<_>>().join(", ")
}
