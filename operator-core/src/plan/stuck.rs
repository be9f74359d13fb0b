//! Pods that keep their StatefulSet from being updated. Where pods come in order, its controller waits for one that doesn't get ready, also when
//! the spec was put right since (kubernetes#67250): such a pod is deleted, and comes back on the newest template.

use super::{Action, Situation};
use crate::{
    model::{Kind, kind::POD},
    state::{Child, health::Ordered},
};

/// What is said of such a pod.
pub const STUCK: &str = "stuck on an earlier template";

/// At most one pod per StatefulSet, the one for which all others wait: one in trouble, on another revision than the newest, that its controller
/// would make again on the newest.
pub(super) fn stuck(situation: &Situation<'_>) -> Vec<Action> {
    let snapshot = situation.snapshot;
    let is_current = |child: &Child| child.health.as_ref().is_some_and(|health| health.observed) && !child.deleting;
    let sets = situation.wanted.iter().filter_map(|object| {
        situation.child(object).filter(|child| is_current(child) && snapshot.is_in_sync(object, child))
    });
    let pods = sets.filter_map(|child| {
        let Ordered { revision, start, partition } = child.health.as_ref()?.ordered.as_deref()?;
        let pod = snapshot.blockers.iter().find(|pod| pod.workload == child.uid)?;
        let number = pod.ordinal.checked_sub(*start)?;
        (number == pod.before && number >= *partition && pod.revision != *revision).then(|| Action::Delete {
            kind: Kind::Row(&POD),
            name: pod.name.to_string(),
            uid: pod.uid.clone(),
            version: Some(pod.version),
        })
    });
    pods.collect()
}
