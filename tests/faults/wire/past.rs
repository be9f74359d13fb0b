//! What the watches of one collection have shown: enough to show a list as it was at an earlier version.

use std::{
    collections::{BTreeMap, BTreeSet, HashMap},
    sync::Arc,
};

use serde::Deserialize;
use serde_json::{json, value::RawValue};

/// One collection with a selector.
#[derive(Default)]
pub struct Past {
    /// What became of an object at a version; none: it was gone.
    changes: BTreeMap<u64, Vec<Change>>,
    /// Versions at which all of the collection is known.
    known: BTreeSet<u64>,
}

/// UID of an object, and what it was then.
type Change = (Arc<str>, Option<Arc<RawValue>>);

/// A line of a watch.
#[derive(Deserialize)]
struct Line<'a> {
    #[serde(rename = "type")]
    kind: &'a str,
    #[serde(borrow)]
    object: &'a RawValue,
}

#[derive(Deserialize)]
struct Object {
    metadata: Metadata,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Metadata {
    #[serde(default)]
    uid: String,
    #[serde(default)]
    resource_version: String,
    #[serde(default)]
    annotations: HashMap<String, String>,
}

/// The annotation of the bookmark that ends a streamed list; source: KEP-3157.
const END: &str = "k8s.io/initial-events-end";

/// What a watch has streamed of its first list so far: UID and version of each object, and the object.
#[derive(Default)]
pub struct Listed(Vec<(Arc<str>, u64, Arc<RawValue>)>);

impl Past {
    /// Takes in a line of a watch. `list`: what was streamed of the first list so far, where that isn't complete. Returns whether it is complete
    /// by this line.
    pub fn note(&mut self, text: &str, list: Option<&mut Listed>) -> bool {
        let Ok(line) = serde_json::from_str::<Line<'_>>(text) else { return false };
        let Ok(Object { metadata }) = serde_json::from_str(line.object.get()) else { return false };
        let version = metadata.resource_version.parse().unwrap_or_default();
        let (uid, object): (Arc<str>, Arc<RawValue>) = (metadata.uid.into(), line.object.to_owned().into());
        match (line.kind, list) {
            ("BOOKMARK", Some(list)) if metadata.annotations.contains_key(END) => {
                self.end_list(version, list);
                return true;
            }
            ("ADDED" | "MODIFIED", Some(list)) => list.0.push((uid, version, object)),
            ("ADDED" | "MODIFIED", None) => self.change(version, uid, Some(object)),
            ("DELETED", None) => self.change(version, uid, None),
            _ => {}
        }
        false
    }

    fn change(&mut self, version: u64, uid: Arc<str>, object: Option<Arc<RawValue>>) {
        // Only what comes after a list is all that there is.
        if !self.known.is_empty() {
            self.known.insert(version);
        }
        self.put(version, uid, object);
    }

    fn put(&mut self, version: u64, uid: Arc<str>, object: Option<Arc<RawValue>>) {
        let changes = self.changes.entry(version).or_default();
        if changes.iter().all(|(known, _)| *known != uid) {
            changes.push((uid, object));
        }
    }

    /// What isn't in the list was deleted while no watch looked.
    fn end_list(&mut self, version: u64, list: &mut Listed) {
        let listed: BTreeSet<Arc<str>> = list.0.iter().map(|(uid, _, _)| uid.clone()).collect();
        let gone: Vec<Arc<str>> = self.at(version).into_keys().filter(|uid| !listed.contains(uid)).collect();
        for (uid, version, object) in list.0.drain(..) {
            self.put(version, uid, Some(object));
        }
        gone.into_iter().for_each(|uid| self.put(version, uid, None));
        self.known.insert(version);
    }

    fn at(&self, version: u64) -> BTreeMap<Arc<str>, Arc<RawValue>> {
        let mut objects = BTreeMap::new();
        for (uid, object) in self.changes.range(..=version).flat_map(|(_, changes)| changes) {
            match object {
                Some(object) => objects.insert(uid.clone(), object.clone()),
                None => objects.remove(uid),
            };
        }
        objects
    }

    /// A list as it was so many changes ago, as lines, and its version.
    pub fn list(&self, age: usize) -> Option<(u64, Vec<String>)> {
        let version = *self.known.iter().rev().nth(age).or(self.known.first())?;
        let objects = self.at(version);
        let added = objects.values().map(|object| format!(r#"{{"type":"ADDED","object":{}}}"#, object.get()));
        let metadata = json!({ "resourceVersion": version.to_string(), "annotations": { END: "true" } });
        let end = json!({ "type": "BOOKMARK", "object": { "kind": "Any", "apiVersion": "v1", "metadata": metadata } });
        Some((version, added.chain([end.to_string()]).collect()))
    }
}
