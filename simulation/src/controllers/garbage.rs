//! The garbage collector. Source: `pkg/controller/garbagecollector/garbagecollector.go`.

use std::{collections::BTreeMap, sync::Arc};

use serde_json::Value;

use super::MANAGER;
use crate::{
    json::{items, put, text},
    server::{ApiServer, Deletion, FOREGROUND, ORPHAN, Propagation},
};

struct Object {
    kind: String,
    value: Arc<Value>,
}

impl Object {
    fn at(&self) -> (&str, &str) {
        (text(&self.value, "/metadata/namespace"), text(&self.value, "/metadata/name"))
    }

    fn uid(&self) -> &str {
        text(&self.value, "/metadata/uid")
    }

    fn has(&self, finalizer: &str) -> bool {
        items(&self.value, "/metadata/finalizers").iter().any(|held| held == finalizer)
    }

    fn is_deleting(&self) -> bool {
        self.value.pointer("/metadata/deletionTimestamp").is_some()
    }

    fn owners(&self) -> &[Value] {
        items(&self.value, "/metadata/ownerReferences")
    }

    fn is_owned_by(&self, uid: &str) -> bool {
        self.owners().iter().any(|owner| text(owner, "/uid") == uid)
    }
}

/// Looks at every object once.
pub fn collect_garbage(server: &mut ApiServer) -> bool {
    let before = server.version();
    let objects: Vec<Object> =
        server.all().map(|(kind, value)| Object { kind: kind.to_owned(), value: value.clone() }).collect();
    let by_uid: BTreeMap<&str, &Object> = objects.iter().map(|object| (object.uid(), object)).collect();
    for object in &objects {
        if object.is_deleting() && (object.has(ORPHAN) || object.has(FOREGROUND)) {
            finish(server, object, &objects);
        } else if !object.owners().is_empty() && !object.is_deleting() {
            judge(server, object, &objects, &by_uid);
        }
    }
    server.version() != before
}

/// An owner that waits for its dependents: to be orphaned, or to be gone.
fn finish(server: &mut ApiServer, owner: &Object, objects: &[Object]) {
    let dependents: Vec<&Object> = objects.iter().filter(|object| object.is_owned_by(owner.uid())).collect();
    if owner.has(ORPHAN) {
        for dependent in dependents {
            drop_owners(server, dependent, |uid| uid == owner.uid());
        }
        drop_finalizer(server, owner, ORPHAN);
        return;
    }
    let blocks = |dependent: &&&Object| {
        let mut owners = dependent.owners().iter();
        owners.any(|reference| {
            text(reference, "/uid") == owner.uid() && reference.get("blockOwnerDeletion") == Some(&Value::Bool(true))
        })
    };
    if dependents.iter().filter(blocks).count() == 0 {
        drop_finalizer(server, owner, FOREGROUND);
    } else {
        for dependent in dependents.iter().filter(|dependent| !dependent.is_deleting() && dependent.owners().len() == 1)
        {
            let below = objects.iter().any(|object| object.is_owned_by(dependent.uid()));
            delete(server, dependent, Some(if below { Propagation::Foreground } else { Propagation::Background }));
        }
    }
}

/// A dependent whose owners may be gone. An owner is in the dependent's namespace or in none.
fn judge(server: &mut ApiServer, object: &Object, objects: &[Object], by_uid: &BTreeMap<&str, &Object>) {
    let (namespace, _) = object.at();
    let owner = |uid: &str| by_uid.get(uid).filter(|owner| owner.at().0 == namespace || owner.at().0.is_empty());
    let lives = |uid: &str| owner(uid).is_some_and(|owner| !(owner.is_deleting() && owner.has(FOREGROUND)));
    let (living, others): (Vec<&str>, Vec<&str>) =
        object.owners().iter().map(|owner| text(owner, "/uid")).partition(|uid| lives(uid));
    if others.is_empty() {
        return;
    }
    if !living.is_empty() {
        drop_owners(server, object, |uid| others.contains(&uid));
    } else if others.iter().any(|uid| owner(uid).is_some()) {
        // Its owner is deleted in the foreground, and so is it where it has dependents itself.
        let below = objects.iter().any(|other| other.is_owned_by(object.uid()));
        delete(server, object, Some(if below { Propagation::Foreground } else { Propagation::Background }));
    } else {
        delete(server, object, None);
    }
}

/// The object may have changed since the collector looked: then it waits for the next turn.
fn delete(server: &mut ApiServer, object: &Object, propagation: Option<Propagation>) {
    let deletion = Deletion { propagation, uid: Some(object.uid().to_owned()), ..Deletion::default() };
    let _ = server.delete(&object.kind, object.at(), &deletion);
}

fn drop_owners(server: &mut ApiServer, object: &Object, drop: impl Fn(&str) -> bool) {
    let _ = server.update(&object.kind, object.at(), "", MANAGER, |value| {
        let kept: Vec<Value> = object.owners().iter().filter(|owner| !drop(text(owner, "/uid"))).cloned().collect();
        put(value, "/metadata/ownerReferences", kept);
    });
}

fn drop_finalizer(server: &mut ApiServer, object: &Object, finalizer: &str) {
    let _ = server.update(&object.kind, object.at(), "", MANAGER, |value| {
        let kept: Vec<Value> =
            items(value, "/metadata/finalizers").iter().filter(|held| *held != finalizer).cloned().collect();
        put(value, "/metadata/finalizers", kept);
    });
}
