//! All children, by their owner's UID. Never older than what the operator itself wrote.

use std::{
    collections::{HashMap, HashSet},
    sync::{Mutex, MutexGuard, PoisonError},
};

use super::{Child, Observed};
use crate::kinds::ChildKind;

/// The children that the watches have seen, and what came of the operator's own writes.
#[derive(Debug, Default)]
pub struct Store(Mutex<Inner>);

#[derive(Debug, Default)]
struct Inner {
    owners: HashMap<Box<str>, Vec<Child>>,
    /// Owner of each object, by UID: it may lose its owner reference, or be deleted with nothing left but its UID.
    owner_of: HashMap<Box<str>, Box<str>>,
}

impl Store {
    /// The children of the owner with this UID.
    pub fn children(&self, owner: &str) -> Observed {
        self.lock().owners.get(owner).cloned().unwrap_or_default()
    }

    /// Takes in a child as seen or written. Returns the owners for whom something changed.
    pub fn apply(&self, child: Child) -> Vec<Box<str>> {
        self.lock().apply(child)
    }

    /// Takes note that a child is gone. Returns its owner.
    pub fn gone(&self, uid: &str) -> Option<Box<str>> {
        self.lock().remove(uid)
    }

    /// Takes note that the operator deleted a child; the watch will say when it is gone.
    pub fn deleting(&self, uid: &str) {
        let mut inner = self.lock();
        let Some(owner) = inner.owner_of.get(uid).cloned() else {
            return;
        };
        let children = inner.owners.get_mut(&owner);
        if let Some(child) = children.into_iter().flatten().find(|child| child.uid.as_ref() == uid) {
            child.deleting = true;
        }
    }

    /// Ends a list of one kind: what wasn't in it is gone, unless it was written after the list was made.
    /// Returns the owners for whom something changed.
    pub fn end_of_list(&self, kind: &'static ChildKind, seen: &HashSet<Box<str>>, version: u64) -> Vec<Box<str>> {
        let mut inner = self.lock();
        let missing: Vec<Box<str>> = inner
            .owners
            .values()
            .flatten()
            .filter(|child| child.kind == kind && child.version <= version && !seen.contains(&child.uid))
            .map(|child| child.uid.clone())
            .collect();
        missing.iter().filter_map(|uid| inner.remove(uid)).collect()
    }

    fn lock(&self) -> MutexGuard<'_, Inner> {
        // A panic elsewhere can't leave a half-made change: each is one insert or remove.
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Inner {
    fn apply(&mut self, child: Child) -> Vec<Box<str>> {
        let mut changed = Vec::new();
        if let Some(owner) = self.owner_of.get(&child.uid).cloned() {
            let known =
                self.owners.get(&owner).and_then(|children| children.iter().find(|known| known.uid == child.uid));
            if known.is_some_and(|known| known.version >= child.version) {
                return Vec::new();
            }
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
            self.owner_of.insert(child.uid.clone(), owner.clone());
            let children = self.owners.entry(owner).or_default();
            match children.iter_mut().find(|known| known.uid == child.uid) {
                Some(known) => *known = child,
                None => children.push(child),
            }
        }
        changed
    }

    fn remove(&mut self, uid: &str) -> Option<Box<str>> {
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
