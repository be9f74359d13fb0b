//! All children, by their owner's UID; claims by [what names their cluster](super::claims::owner). None is older than what the
//! operator itself wrote of it, and was answered.

use std::{
    collections::{BTreeSet, HashMap, HashSet, VecDeque},
    sync::Arc,
};

use parking_lot::{Mutex, MutexGuard};

use super::Child;
use crate::model::Kind;

/// How many of the objects that went last are remembered.
const GONE: usize = 1024;

/// Something that is kept in memory, as text: UID and version of the object that it is about, if it is about one.
pub type Memory = (Box<str>, u64, String);

/// The children that the watches have seen, and what came of the operator's own writes.
#[derive(Debug, Default)]
pub struct Store(Mutex<Inner>);

#[derive(Debug, Default)]
struct Inner {
    owners: HashMap<Arc<str>, Vec<Child>>,
    /// Owner of each object, by UID: it may lose its owner reference, or be deleted with nothing left but its UID.
    owner_of: HashMap<Box<str>, Arc<str>>,
    /// UIDs and versions of the objects that went last: an answer from before, which comes late, must not bring them back. One that only lost
    /// the label by which it is watched is still there at that version.
    gone: VecDeque<(Box<str>, u64)>,
    /// UIDs that were seen since a list of their kind began.
    lists: HashMap<Kind, HashSet<Box<str>>>,
    /// How many lists have ended, and as the how-manieth the last one of a kind.
    ended: u64,
    last: HashMap<Kind, u64>,
}

impl Store {
    /// The children of the owner with this UID.
    pub fn children(&self, owner: &str) -> Vec<Child> {
        self.lock().owners.get(owner).cloned().unwrap_or_default()
    }

    /// The kinds of the children of the owner with this UID.
    pub fn kinds(&self, owner: &str) -> BTreeSet<Kind> {
        let inner = self.lock();
        inner.owners.get(owner).into_iter().flatten().map(|child| child.kind.clone()).collect()
    }

    /// The children of a cluster, with the claims of its pods.
    pub fn cluster(&self, manager: &str, uid: &str, namespace: &str, name: &str) -> Vec<Child> {
        let inner = self.lock();
        let claims = super::claims::owner(manager, namespace, name);
        [uid, claims.as_str()].into_iter().filter_map(|owner| inner.owners.get(owner)).flatten().cloned().collect()
    }

    /// Whether this version of an object, or a newer one, is there already: nothing in it is news.
    pub fn has(&self, kind: &Kind, uid: &str, version: u64) -> bool {
        let mut inner = self.lock();
        let known = inner.known(uid).is_some_and(|known| known.version >= version);
        if known {
            inner.listed(kind, uid);
        }
        known
    }

    /// Takes in a child as seen. Returns the owners for whom something changed.
    pub fn apply(&self, child: Child) -> Vec<Arc<str>> {
        let mut inner = self.lock();
        inner.listed(&child.kind, &child.uid);
        inner.apply(child)
    }

    /// How many lists have ended, for [`Store::learn`].
    pub fn ended(&self) -> u64 {
        self.lock().ended
    }

    /// Takes in a child as answered to a write that began when so many lists had `ended`. If it isn't known, and a list of its kind has ended since,
    /// it was made after that, and the watch will show it, or deleted before, and the watch will never say so.
    pub fn learn(&self, child: Child, ended: u64) {
        let mut inner = self.lock();
        let was_listed = inner.last.get(&child.kind).is_some_and(|last| *last > ended);
        if !was_listed || inner.known(&child.uid).is_some() {
            inner.apply(child);
        }
    }

    /// Takes note that a child is gone, or no longer to be seen, since this version. Returns its owner.
    pub fn gone(&self, uid: &str, version: u64) -> Option<Arc<str>> {
        let mut inner = self.lock();
        if inner.gone.len() >= GONE {
            inner.gone.pop_front();
        }
        inner.gone.push_back((uid.into(), version));
        inner.remove(uid)
    }

    /// Takes note that the operator deleted a child. The watch will say when it is gone; what isn't watched counts as gone.
    pub fn deleting(&self, uid: &str) {
        let mut inner = self.lock();
        let Some(owner) = inner.owner_of.get(uid).cloned() else { return };
        let mut children = inner.owners.get_mut(&owner).into_iter().flatten();
        match children.find(|child| child.uid.as_ref() == uid) {
            Some(child) if child.watched => child.deleting = true,
            _ => _ = inner.remove(uid),
        }
    }

    /// Takes note that a child isn't as it was known. The watch will say how it is; of what isn't watched nothing is known.
    pub fn doubt(&self, uid: &str) {
        let mut inner = self.lock();
        if inner.known(uid).is_some_and(|child| !child.watched) {
            inner.remove(uid);
        }
    }

    /// Begins a list of one kind.
    pub fn begin_list(&self, kind: &Kind) {
        self.lock().lists.insert(kind.clone(), HashSet::new());
    }

    /// Ends a list of one kind: what wasn't in it is gone, or was written since, and the watch will show it. Returns the owners for whom something
    /// changed.
    pub fn end_list(&self, kind: &Kind) -> Vec<Arc<str>> {
        let mut inner = self.lock();
        let Some(listed) = inner.lists.remove(kind) else { return Vec::new() };
        inner.ended += 1;
        let ended = inner.ended;
        inner.last.insert(kind.clone(), ended);
        let children = inner.owners.values().flatten();
        let missing: Vec<Box<str>> = children
            .filter(|child| child.kind == *kind && !listed.contains(&child.uid))
            .map(|child| child.uid.clone())
            .collect();
        missing.iter().filter_map(|uid| inner.remove(uid)).collect()
    }

    /// Everything that is kept.
    pub fn memory(&self) -> Vec<Memory> {
        let inner = self.lock();
        let gone = inner.gone.iter().map(|(uid, version)| (uid.clone(), *version, "gone".to_owned()));
        let text = |child: &Child| format!("{:?}", Child { version: 0, ..child.clone() });
        let children = inner.owners.values().flatten().map(|child| (child.uid.clone(), child.version, text(child)));
        children.chain(gone).collect()
    }

    fn lock(&self) -> MutexGuard<'_, Inner> {
        self.0.lock()
    }
}

impl Inner {
    fn known(&self, uid: &str) -> Option<&Child> {
        let owner = self.owner_of.get(uid)?;
        self.owners.get(owner)?.iter().find(|known| known.uid.as_ref() == uid)
    }

    fn listed(&mut self, kind: &Kind, uid: &str) {
        if let Some(list) = self.lists.get_mut(kind) {
            list.insert(uid.into());
        }
    }

    fn apply(&mut self, mut child: Child) -> Vec<Arc<str>> {
        if self.gone.iter().any(|(uid, version)| *uid == child.uid && child.version < *version) {
            return Vec::new();
        }
        let mut changed = Vec::new();
        if let Some(owner) = self.owner_of.get(&child.uid).cloned() {
            let known = self.known(&child.uid);
            if known.is_some_and(|known| known.version >= child.version) {
                return changed;
            }
            // What is being deleted isn't taken back; an event from before doesn't know.
            child.deleting |= known.is_some_and(|known| known.deleting);
            if known.is_none_or(|known| !known.says_the_same(&child)) {
                changed.push(owner.clone());
            }
            if child.controller.as_ref() != Some(&owner) {
                self.remove(&child.uid);
            }
        } else {
            changed.extend(child.controller.clone());
        }
        if let Some(owner) = child.controller.clone() {
            // One text for all children of an owner.
            let owner = self.owners.get_key_value(&owner).map_or(owner, |(owner, _)| owner.clone());
            child.controller = Some(owner.clone());
            self.owner_of.insert(child.uid.clone(), owner.clone());
            let children = self.owners.entry(owner).or_default();
            match children.iter_mut().find(|known| known.uid == child.uid) {
                Some(known) => *known = child,
                None => children.push(child),
            }
        }
        changed
    }

    fn remove(&mut self, uid: &str) -> Option<Arc<str>> {
        let owner = self.owner_of.remove(uid)?;
        if let Some(children) = self.owners.get_mut(&owner) {
            children.retain(|child| child.uid.as_ref() != uid);
            if children.is_empty() {
                self.owners.remove(&owner);
            }
        }
        Some(owner)
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::{model::kind::SERVICE, state::Manager};

    fn child(version: u64) -> Child {
        let object = json!({ "metadata": {
            "name": "a", "uid": "u", "resourceVersion": version.to_string(),
            "labels": { "app.kubernetes.io/managed-by": "-operator" },
            "ownerReferences": [{ "kind": "Data", "name": "a", "uid": "owner", "controller": true }],
        } });
        Child::read(&Kind::Row(&SERVICE), &[Manager::of(&crate::definition::Definition::EMPTY)], &object.to_string())
            .unwrap()
    }

    #[test]
    fn an_answer_that_comes_after_the_deletion_brings_nothing_back() {
        let store = Store::default();
        store.apply(child(1));
        store.gone("u", 3);
        assert!(store.apply(child(2)).is_empty());
        assert!(store.children("owner").is_empty());
        // It only had lost its label.
        assert_eq!(store.apply(child(4)).len(), 1);
        assert_eq!(store.children("owner").len(), 1);
    }

    #[test]
    fn an_answer_that_comes_after_a_list_without_it_brings_nothing_back() {
        let (store, kind) = (Store::default(), Kind::Row(&SERVICE));
        let list = |seen: Option<Child>| {
            store.begin_list(&kind);
            seen.into_iter().for_each(|child| drop(store.apply(child)));
            store.end_list(&kind);
        };
        let began = store.ended();
        list(None);
        store.learn(child(1), began);
        assert!(store.children("owner").is_empty(), "it was deleted, or the watch shows it");
        let began = store.ended();
        store.learn(child(1), began);
        list(Some(child(1)));
        store.learn(child(2), began);
        assert_eq!(store.children("owner").len(), 1, "the list had it");
        store.begin_list(&kind);
        store.learn(child(3), store.ended());
        store.end_list(&kind);
        assert!(store.children("owner").is_empty(), "answered, and deleted before the list was made");
    }

    #[test]
    fn what_is_older_than_what_is_known_changes_nothing() {
        let store = Store::default();
        store.apply(child(3));
        let kind = Kind::Row(&SERVICE);
        assert!(store.has(&kind, "u", 2) && store.has(&kind, "u", 3) && !store.has(&kind, "u", 4));
        let other = Child { node: Some("other".into()), ..child(2) };
        assert!(store.apply(other).is_empty());
        assert!(store.children("owner").iter().all(|child| child.version == 3 && child.node.is_none()));
    }

    #[test]
    fn an_event_from_before_a_deletion_does_not_undo_it() {
        let store = Store::default();
        store.apply(child(1));
        store.deleting("u");
        store.apply(child(2));
        assert!(store.children("owner").iter().all(|child| child.deleting));
    }
}
