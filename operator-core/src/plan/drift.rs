//! Whether an object is as wanted, and how many pods a write asks for.

use super::{Accepted, Replicas};
use crate::{
    model::Digest,
    render::Object,
    settings::Scale,
    state::{Child, owned::Owners},
    status::ClusterStatus,
};

/// Whether what is there is what shall be.
pub fn is_as_wanted(object: &Object, child: &Child, accepted: Option<&Accepted>) -> bool {
    if object.once {
        return true;
    }
    let wanted = sent(object, replicas(object, child));
    let back = accepted.and_then(|accepted| accepted.get(&child.uid)).filter(|(sent, _)| *sent == wanted);
    let same = child.digest == Some(wanted) || back.is_some_and(|(_, back)| child.digest == Some(*back));
    same && holds(object, child)
}

/// Whether a Secret holds the values that are given; those that were generated are kept, whatever they are.
fn holds(object: &Object, child: &Child) -> bool {
    let held = child.held.as_ref().map_or(&[] as &[_], |held| &held.values);
    object.given.iter().all(|given| held.contains(given))
}

/// The digest of what an apply sends.
pub fn sent(object: &Object, replicas: Replicas) -> Digest {
    match replicas {
        Replicas::AsWritten => object.digest,
        Replicas::Left | Replicas::HandedOver(_) => object.unscaled,
    }
}

/// How many pods an apply to what is there asks for.
pub fn replicas(object: &Object, child: &Child) -> Replicas {
    let Some(health) = &child.health else { return Replicas::AsWritten };
    match (object.scale, health.replicas_by) {
        (Scale::Autoscaled, Owners { ours: true, others: false }) => Replicas::HandedOver(health.replicas),
        (Scale::Autoscaled, _) => Replicas::Left,
        // An autoscaler was turned off, or someone scaled it by hand.
        (Scale::Initial, Owners { ours: false, .. }) => Replicas::Left,
        _ => Replicas::AsWritten,
    }
}

/// How many pods a workload had that isn't there, where the spec doesn't say how many it shall have.
pub fn before(object: &Object, previous: Option<&ClusterStatus>) -> Option<i32> {
    if !matches!(object.scale, Scale::Autoscaled | Scale::Initial) {
        return None;
    }
    let row = previous?.nodes.iter().find(|row| Some(&row.name) == object.node.as_ref())?;
    // One is what it gets anyway.
    Some(row.replicas).filter(|replicas| *replicas != 1)
}
