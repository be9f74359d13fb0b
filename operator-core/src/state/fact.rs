//! What the API server answered to a write. Kept until something newer is known; it may be lost, which costs a request.

use k8s_openapi::jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};

use super::Child;
use crate::model::{Digest, Kind, Mark};

/// What was written again longer ago isn't counted: longer than any wait for a next time.
const RECENT: SignedDuration = SignedDuration::from_mins(10);

/// The newest answer about one object.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Fact {
    /// Kind of the object.
    pub kind: Kind,
    /// Its name.
    pub name: String,
    /// Over what was sent.
    pub sent: Digest,
    /// UID of what was there, and what was seen of it.
    pub found: Option<(Box<str>, Digest)>,
    /// When.
    pub at: Timestamp,
    /// How often in a row the same was written again, because someone had changed or deleted it.
    #[serde(default)]
    pub put_back: u8,
    /// What was answered.
    pub answer: Answer,
}

/// What the API server answered.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum Answer {
    /// It is stored.
    #[serde(rename_all = "camelCase")]
    Stored {
        /// Its UID.
        uid: Box<str>,
        /// What is seen of it; see [`Child::seen`].
        seen: Digest,
        /// Whether it wasn't there before.
        created: bool,
    },
    /// It can't be stored, or the request can't be allowed.
    Refused(Refusal),
    /// A new object of another name could be stored: what is there is in the way.
    WouldBeStored,
    /// A quota has no room for a new object beside what is there, but for one in its place.
    NoRoom,
    /// A new object couldn't be stored, either.
    WouldBeRefused(Refusal),
    /// An object of its name is there, and it wasn't known.
    Exists,
    /// The object of its name is another owner's.
    Foreign(Controller),
    /// The object of its name is nobody's.
    Unowned(Box<Child>),
    /// It is being deleted.
    Deleted,
}

/// Why something was refused.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Refusal {
    /// What the API server said.
    pub message: String,
    /// Whether it refused a change of a field that can't be changed, or that what is there contradicts.
    pub immutable: bool,
}

/// The owner that an object names as its controller.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Controller {
    /// Its kind.
    pub kind: String,
    /// Its name.
    pub name: String,
}

/// A write that failed and may work later.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Failed {
    /// What, and what went wrong.
    pub message: String,
    /// When the API server wants to be asked again.
    pub again: Option<std::time::Duration>,
    /// Whether what comes later counts on it.
    pub is_needed: bool,
}

impl Fact {
    /// Whether it is still about what shall be there, and about what is.
    pub fn holds(&self, wanted: Digest, child: Option<&Child>) -> bool {
        let found = child.map(|child| (&child.uid, child.seen));
        self.sent == wanted && self.found.as_ref().map(|(uid, seen)| (uid, *seen)) == found
    }

    /// Counts on from what was answered `before`, where that is about the same content and not long ago.
    pub fn count(&mut self, before: Option<&Self>) {
        let is_recent = |before: &&Self| before.sent == self.sent && self.at.duration_since(before.at) < RECENT;
        let before = before.filter(is_recent).map_or(0, |before| before.put_back);
        self.put_back = before.saturating_add(1);
    }

    /// What the inventory has to remember.
    pub fn mark(&self) -> Option<Mark> {
        match self.answer {
            Answer::Stored { seen, .. } => Some(Mark { sent: self.sent, seen }),
            _ => None,
        }
    }
}
