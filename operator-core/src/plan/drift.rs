//! What brings an object to what it shall be, and how many pods that asks for.

use std::sync::Arc;

use super::{Action, Replicas, lost};
use crate::{
    model::{Object, Scale},
    state::{Child, Snapshot, health::Owners},
};

/// The write that brings an object to what it shall be; none where it is, or is being deleted: then it comes again once it is gone.
pub fn correct(object: &Arc<Object>, child: Option<&Child>, snapshot: &Snapshot) -> Option<Action> {
    let object = object.clone();
    let Some(child) = child else {
        let replicas = before(&object, snapshot);
        return Some(Action::Create { object, replicas });
    };
    let generate = lost::asked(&object, child);
    // A Secret that someone restored may have no owner.
    let is_in_sync = snapshot.is_in_sync(&object, child) && child.controller.is_some();
    let replicas = replicas(&object, child);
    // It was created with the number that its predecessor had.
    let hands_over = matches!(replicas, Replicas::HandedOver(_));
    if child.deleting || (is_in_sync && !hands_over) {
        return None;
    }
    let found = (child.uid.clone(), child.seen);
    Some(Action::Apply { object, found, replicas, generate })
}

/// How many pods an apply to what is there asks for.
fn replicas(object: &Object, child: &Child) -> Replicas {
    let Some(health) = &child.health else { return Replicas::AsWritten };
    match (object.scale, health.replicas_by) {
        (Scale::Autoscaled, Owners { ours: true, others: false }) => Replicas::HandedOver(health.replicas),
        (Scale::Autoscaled, _) => Replicas::Left,
        // An autoscaler was turned off, someone scaled it by hand, or the operator died while it handed the number over.
        (Scale::Initial, Owners { ours: false, .. } | Owners { others: true, .. }) => Replicas::Left,
        // It was created with the number that its predecessor had, for this spec says none; the operator may have died since. An earlier spec's
        // number, on the other hand, goes with that.
        (Scale::Initial, _) if child.intent == Some(object.intent) && health.replicas != 1 => {
            Replicas::HandedOver(health.replicas)
        }
        _ => Replicas::AsWritten,
    }
}

/// How many pods a workload had that isn't there, where the spec doesn't say how many it shall have.
pub fn before(object: &Object, snapshot: &Snapshot) -> Option<i32> {
    if !matches!(object.scale, Scale::Autoscaled | Scale::Initial) {
        return None;
    }
    let row = snapshot.status.as_ref()?.nodes.iter().find(|row| Some(&*row.name) == object.node_name())?;
    // One is what it gets anyway.
    Some(row.replicas).filter(|replicas| *replicas != 1)
}
