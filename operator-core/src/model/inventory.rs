//! What the status remembers of every child, so that a restart costs no write and nothing is forgotten that has to be pruned.

use std::collections::BTreeMap;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::{Digest, Kind};

/// What is remembered of a child beside its mark, which it follows.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Note {
    /// Nothing.
    None,
    /// It is a Job that came to its good end: `.done`.
    Done,
    /// It is a workload that is deleted to be created anew: `.open`, until its controller has seen the new one.
    Open,
}

impl Note {
    fn suffix(self) -> &'static str {
        match self {
            Self::None => "",
            Self::Done => ".done",
            Self::Open => ".open",
        }
    }
}

/// The children of a cluster, by kind (`apps/v1/StatefulSet/statefulsets`) and name. What stands behind a name is a [`Mark`], followed by
/// `.done` where it is a Job that came to its good end, by `.open` while it is a workload that is replaced; empty: the object is about to be
/// created. A kind stays when its last child is gone.
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
        let mut parts = text.split('.');
        let (sent, seen) = (parts.next()?, parts.next()?);
        let digest = |text: &str| serde_json::from_value(text.into()).ok();
        Some(Mark { sent: digest(sent)?, seen: digest(seen)? })
    }

    /// Whether a Job came to its good end once. It may be gone since: by its time to live, or by hand.
    pub fn is_done(&self, kind: &Kind, name: &str) -> bool {
        self.has_note(kind, name, Note::Done)
    }

    /// The workloads that were about to be deleted to be created anew.
    pub fn open(&self) -> impl Iterator<Item = (Kind, &str)> {
        self.0.iter().filter_map(|(id, names)| Some((Kind::from_id(id)?, names))).flat_map(|(kind, names)| {
            let open = names.iter().filter(|(_, text)| text.ends_with(Note::Open.suffix()));
            open.map(move |(name, _)| (kind.clone(), name.as_str()))
        })
    }

    /// Whether it is a workload of which a replacement isn't over.
    pub fn is_open(&self, kind: &Kind, name: &str) -> bool {
        self.has_note(kind, name, Note::Open)
    }

    fn has_note(&self, kind: &Kind, name: &str, note: Note) -> bool {
        let text = self.0.get(&kind.id()).and_then(|names| names.get(name));
        text.is_some_and(|text| text.ends_with(note.suffix()))
    }

    /// How many Jobs came to their good end.
    pub fn done(&self) -> usize {
        self.0.values().flat_map(BTreeMap::values).filter(|text| text.ends_with(Note::Done.suffix())).count()
    }

    /// Whether a child is remembered, be it as one that is about to be created.
    pub fn has(&self, kind: &Kind, name: &str) -> bool {
        self.0.get(&kind.id()).is_some_and(|names| names.contains_key(name))
    }

    /// The names of the children of a kind, also of those that are about to be created.
    pub fn names(&self, kind: &Kind) -> impl Iterator<Item = &str> {
        self.0.get(&kind.id()).into_iter().flat_map(|names| names.keys()).map(String::as_str)
    }

    /// The kinds of which there are or were children.
    pub fn kinds(&self) -> impl Iterator<Item = Kind> {
        self.0.keys().filter_map(|id| Kind::from_id(id))
    }

    /// Remembers a child.
    pub fn set(&mut self, kind: &Kind, name: &str, mark: Option<Mark>, note: Note) {
        let text = mark.map(|mark| format!("{}.{}{}", mark.sent, mark.seen, note.suffix())).unwrap_or_default();
        self.0.entry(kind.id()).or_default().insert(name.to_owned(), text);
    }

    /// Whether any child of another kind was ever written, and that was recorded.
    pub fn has_marks_beside(&self, kind: &Kind) -> bool {
        let others = self.0.iter().filter(|(id, _)| **id != kind.id());
        others.flat_map(|(_, names)| names.values()).any(|mark| !mark.is_empty())
    }
}
