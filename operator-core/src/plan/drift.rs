//! What brings an object to what it shall be, and how many pods that asks for.

use std::sync::Arc;

use super::{Action, lost};
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
    // It was created with the number that its predecessor had.
    let hands_over = given_up(&object, child, snapshot);
    if child.deleting || (is_in_sync && hands_over.is_none()) {
        return None;
    }
    let found = (child.uid.clone(), child.seen);
    Some(Action::Apply { object, found, hands_over, generate })
}

/// The number of pods that the operator alone has set and doesn't say any more, where it stays.
fn given_up(object: &Object, child: &Child, snapshot: &Snapshot) -> Option<i32> {
    let health = child.health.as_ref().filter(|health| health.replicas_by == Owners { ours: true, others: false })?;
    let stays = match object.scale {
        Scale::Autoscaled => true,
        // It was created with the number that its predecessor had; the operator may have died since. An earlier spec's number goes with that.
        Scale::Initial => {
            let inventory = snapshot.status.as_ref().map(|status| &status.inventory);
            let is_open = inventory.is_some_and(|inventory| inventory.is_open(&object.kind, &object.name));
            (is_open || child.intent == Some(object.intent)) && health.replicas != 1
        }
        Scale::Fixed(_) | Scale::Unscaled => false,
    };
    stays.then_some(health.replicas)
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
