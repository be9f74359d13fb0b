//! What the status remembers of every child, so that a restart costs no write and nothing is forgotten that has to be pruned.

use std::collections::BTreeMap;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::{Digest, Kind};

/// Follows the mark of a Job that came to its good end.
const SUFFIX: &str = ".done";

/// The children of a cluster, by kind (`apps/v1/StatefulSet/statefulsets`) and name. What stands behind a name is a [`Mark`], followed by
/// `.done` where it is a Job that came to its good end; empty: the object is about to be created.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(transparent)]
#[schemars(inline)]
pub struct Inventory(pub BTreeMap<String, BTreeMap<String, String>>);

/// What a child's last write came to. As text: `<sent>.<seen>`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Mark {
    /// Over what was sent; see [`Object::intent`](super::Object::intent).
    pub sent: Digest,
    /// Over what of the answer changes when someone else changes a field of the operator's; see `Child::seen`.
    pub seen: Digest,
}

impl Inventory {
    /// What is remembered of a child; `None` where nothing is, or nothing was written yet.
    pub fn mark(&self, kind: &Kind, name: &str) -> Option<Mark> {
        let text = self.0.get(&kind.id())?.get(name)?;
        let (sent, seen) = text.strip_suffix(SUFFIX).unwrap_or(text).split_once('.')?;
        let digest = |text: &str| serde_json::from_value(text.into()).ok();
        Some(Mark { sent: digest(sent)?, seen: digest(seen)? })
    }

    /// Whether a Job came to its good end once. It may be gone since: by its time to live, or by hand.
    pub fn is_done(&self, kind: &Kind, name: &str) -> bool {
        self.0.get(&kind.id()).and_then(|names| names.get(name)).is_some_and(|text| text.ends_with(SUFFIX))
    }

    /// How many Jobs came to their good end.
    pub fn done(&self) -> usize {
        self.0.values().flat_map(BTreeMap::values).filter(|text| text.ends_with(SUFFIX)).count()
    }

    /// Whether a child is remembered, be it as one that is about to be created.
    pub fn has(&self, kind: &Kind, name: &str) -> bool {
        self.0.get(&kind.id()).is_some_and(|names| names.contains_key(name))
    }

    /// The kinds of which something is remembered.
    pub fn kinds(&self) -> impl Iterator<Item = Kind> {
        self.0.keys().filter_map(|id| Kind::from_id(id))
    }

    /// Remembers a child.
    pub fn set(&mut self, kind: &Kind, name: &str, mark: Option<Mark>, is_done: bool) {
        let done = if is_done { SUFFIX } else { "" };
        let text = mark.map(|mark| format!("{}.{}{done}", mark.sent, mark.seen)).unwrap_or_default();
        self.0.entry(kind.id()).or_default().insert(name.to_owned(), text);
    }

    /// Whether any child of another kind was ever written, and that was recorded.
    pub fn has_marks_beside(&self, kind: &Kind) -> bool {
        let others = self.0.iter().filter(|(id, _)| **id != kind.id());
        others.flat_map(|(_, names)| names.values()).any(|mark| !mark.is_empty())
    }
}
