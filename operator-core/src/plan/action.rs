//! What the writer is told to do.

use std::sync::Arc;

use serde::{Deserialize, Serialize};

use crate::model::{
    Digest, Kind, Object, Quantity,
    kind::{CLAIM, Propagation, Stage},
};

/// A write.
#[derive(Clone, Debug, Serialize)]
#[serde(rename_all = "camelCase", rename_all_fields = "camelCase", tag = "verb")]
pub enum Action {
    /// Creates an object that must not be there yet.
    Create {
        /// What it shall be.
        object: Arc<Object>,
        /// How many pods it had before it was replaced, where the spec doesn't say how many.
        replicas: Option<i32>,
    },
    /// Brings one of the cluster's objects to what it shall be.
    Apply {
        /// What it shall be.
        object: Arc<Object>,
        /// UID of the object that is there, and what is seen of it.
        found: (Box<str>, Digest),
        /// How many pods it has where the operator alone has set that number and says none any more: were it just given up, it would be reset to
        /// 1, so it is handed over first.
        #[serde(skip_serializing_if = "Option::is_none")]
        hands_over: Option<i32>,
        /// Keys of a Secret that are generated and not there.
        generate: Vec<(String, u32)>,
    },
    /// Looks at an object of this name that is there and wasn't known.
    Inspect {
        /// What shall be in its place.
        object: Arc<Object>,
    },
    /// Asks, by a dry run, whether a new object could be stored where what is there can't be changed.
    Try {
        /// What it shall be.
        object: Arc<Object>,
        /// UID of the object that is there, and what is seen of it.
        found: (Box<str>, Digest),
    },
    /// Takes a StatefulSet's claims from it, which would go with it, before it is replaced.
    Release {
        /// What it shall be.
        object: Arc<Object>,
        /// UID of the object that is there, and what is seen of it.
        found: (Box<str>, Digest),
    },
    /// Deletes an object that can't be changed to what it shall be; once it is gone, it is created. Pods of a workload go on running.
    Replace {
        /// What it shall be.
        object: Arc<Object>,
        /// UID of the object that is there.
        uid: Box<str>,
        /// Its version: what is recorded of it, such as its number of pods, must not have changed since.
        version: u64,
    },
    /// Asks for more storage.
    Grow {
        /// Name of the claim.
        claim: String,
        /// Its UID, and what is seen of it.
        found: (Box<str>, Digest),
        /// How much.
        size: Quantity,
    },
    /// Deletes one of the cluster's objects that shall not be, or a pod that shall be made again.
    Delete {
        /// Its kind.
        kind: Kind,
        /// Its name.
        name: String,
        /// Its UID.
        uid: Box<str>,
        /// The version at which it was seen, where it may only be deleted as it was then.
        #[serde(skip_serializing_if = "Option::is_none")]
        version: Option<u64>,
    },
}

/// What an [`Action`] does, for people.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum Verb {
    /// See [`Action::Create`].
    Create,
    /// See [`Action::Apply`].
    Apply,
    /// See [`Action::Inspect`].
    Inspect,
    /// See [`Action::Try`].
    Try,
    /// See [`Action::Release`].
    Release,
    /// See [`Action::Replace`].
    Replace,
    /// See [`Action::Grow`].
    Grow,
    /// See [`Action::Delete`].
    Delete,
}

impl Action {
    /// What it does.
    pub fn verb(&self) -> Verb {
        match self {
            Self::Create { .. } => Verb::Create,
            Self::Apply { .. } => Verb::Apply,
            Self::Inspect { .. } => Verb::Inspect,
            Self::Try { .. } => Verb::Try,
            Self::Release { .. } => Verb::Release,
            Self::Replace { .. } => Verb::Replace,
            Self::Grow { .. } => Verb::Grow,
            Self::Delete { .. } => Verb::Delete,
        }
    }

    /// What shall be there; or kind and name of what is only grown or deleted.
    fn about(&self) -> Result<&Arc<Object>, (&Kind, &str)> {
        static CLAIMS: Kind = Kind::Row(&CLAIM);
        match self {
            Self::Create { object, .. }
            | Self::Apply { object, .. }
            | Self::Inspect { object }
            | Self::Try { object, .. }
            | Self::Release { object, .. }
            | Self::Replace { object, .. } => Ok(object),
            Self::Grow { claim, .. } => Err((&CLAIMS, claim)),
            Self::Delete { kind, name, .. } => Err((kind, name)),
        }
    }

    /// What shall be there; none where something is only deleted or grown.
    pub fn object(&self) -> Option<&Arc<Object>> {
        self.about().ok()
    }

    /// Kind and name of what it is about.
    pub fn target(&self) -> (&Kind, &str) {
        self.about().map_or_else(|of| of, |object| (&object.kind, &object.name))
    }

    /// Over what it sends.
    pub fn sent(&self) -> Digest {
        match (self, self.object()) {
            (_, Some(object)) => object.intent,
            (Self::Grow { size, .. }, None) => Digest::of_texts([size.as_str()]),
            (_, None) => Self::of_a_deletion(),
        }
    }

    /// What is sent with a deletion: nothing.
    pub(super) fn of_a_deletion() -> Digest {
        Digest::of_texts([])
    }

    /// UID of what it is done to; none where nothing was there.
    pub fn uid(&self) -> Option<&str> {
        match self {
            Self::Replace { uid, .. } | Self::Delete { uid, .. } => Some(uid),
            _ => self.found().map(|(uid, _)| &**uid),
        }
    }

    /// UID of what it is done to, and what was seen of it; none where nothing was there.
    pub fn found(&self) -> Option<&(Box<str>, Digest)> {
        match self {
            Self::Apply { found, .. }
            | Self::Try { found, .. }
            | Self::Release { found, .. }
            | Self::Grow { found, .. } => Some(found),
            Self::Create { .. } | Self::Inspect { .. } | Self::Replace { .. } | Self::Delete { .. } => None,
        }
    }

    /// When its turn is: each stage begins where all went well before. Deletions come last.
    pub fn stage(&self) -> Option<Stage> {
        (self.verb() != Verb::Delete).then(|| self.target().0.stage)
    }

    /// What becomes of the dependents of what it deletes.
    pub fn propagation(&self) -> Propagation {
        let (kind, _) = self.target();
        match self {
            Self::Replace { .. } if kind.is_workload() => Propagation::Orphan,
            _ => kind.prune,
        }
    }
}

impl PartialEq for Action {
    fn eq(&self, other: &Self) -> bool {
        let intent = |action: &Self| action.object().map(|object| object.intent);
        (self.verb(), self.target(), intent(self)) == (other.verb(), other.target(), intent(other))
    }
}
