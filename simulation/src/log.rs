//! Every write as an event, and views that learn of them late.

use std::{collections::BTreeMap, fmt, sync::Arc};

use serde_json::Value;

use crate::{json::text, server::ApiServer};

/// What happened to an object.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Change {
    /// It was created.
    Added,
    /// It was changed.
    Modified,
    /// It was removed from the store.
    Deleted,
}

impl fmt::Display for Change {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Added => "ADDED",
            Self::Modified => "MODIFIED",
            Self::Deleted => "DELETED",
        })
    }
}

/// A write, as a watch reports it.
#[derive(Clone, Debug)]
pub struct Event {
    /// The `resourceVersion` of the write.
    pub version: u64,
    /// The kind, as in [`crate::Kind::id`].
    pub kind: String,
    /// What happened.
    pub change: Change,
    /// The object after it; for a deletion, as it was last, with the deletion's version.
    pub object: Arc<Value>,
}

/// What a watcher of one kind has seen: a place in the log that may be behind.
#[derive(Clone, Debug)]
pub struct View {
    kind: String,
    seen: u64,
}

impl View {
    /// A view that has seen nothing.
    pub fn new(kind: &str) -> Self {
        Self { kind: kind.to_owned(), seen: 0 }
    }

    /// The next events, `count` at most.
    pub fn deliver(&mut self, server: &ApiServer, count: usize) -> Vec<Event> {
        let events: Vec<Event> = self.pending(server).take(count).cloned().collect();
        self.seen = events.last().map_or(self.seen, |event| event.version);
        events
    }

    /// How many events there are that it hasn't seen.
    pub fn behind(&self, server: &ApiServer) -> usize {
        self.pending(server).count()
    }

    /// The objects as they were at a version, or are now; the events after it come next. A version may be older than what was seen
    /// already, as a list from another API server's cache can be.
    pub fn relist(&mut self, server: &ApiServer, version: Option<u64>) -> Vec<Arc<Value>> {
        self.seen = version.unwrap_or_else(|| server.version());
        let mut objects = BTreeMap::new();
        for event in server.log().iter().filter(|event| event.kind == self.kind && event.version <= self.seen) {
            let key = |field| text(&event.object, field).to_owned();
            let key = (key("/metadata/namespace"), key("/metadata/name"));
            match event.change {
                Change::Deleted => objects.remove(&key),
                _ => objects.insert(key, event.object.clone()),
            };
        }
        objects.into_values().collect()
    }

    pub(crate) fn pending<'a>(&'a self, server: &'a ApiServer) -> impl Iterator<Item = &'a Event> {
        let start = server.log().partition_point(|event| event.version <= self.seen);
        server.log().iter().skip(start).filter(|event| event.kind == self.kind)
    }
}
