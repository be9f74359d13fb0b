//! Pods that their StatefulSet's controller can't get past: they are deleted, one at a time, and come back on the newest template.
//!
//! - Where pods come in order, it waits for one that doesn't get ready, also when the spec was put right since (kubernetes#67250).
//! - Where the StatefulSet has a claim template more than when the pod was made, it tries to give the pod the volume, which no API server
//!   admits, and goes on to no pod after it (kubernetes#141876).

use super::{Action, Situation};
use crate::{
    model::{Kind, kind::POD},
    state::{
        Child, Member, Standing,
        health::{Health, Rolling},
    },
};

/// What is said of such a pod.
pub const STUCK: &str = "stuck on an earlier template";

/// At most one pod per StatefulSet.
pub(super) fn stuck(situation: &Situation<'_>) -> Vec<Action> {
    let snapshot = situation.snapshot;
    let is_current = |child: &Child| child.health.as_ref().is_some_and(|health| health.observed) && !child.deleting;
    let sets = situation.wanted.iter().filter_map(|object| {
        situation.child(object).filter(|child| is_current(child) && snapshot.is_in_sync(object, child))
    });
    let pods = sets.filter_map(|child| {
        let health = child.health.as_deref()?;
        let rolling = health.rolling.as_deref()?;
        let members: Vec<&Member> = snapshot.members.iter().filter(|pod| pod.workload == child.uid).collect();
        let pod = lacks_a_claim(health, &members).or_else(|| keeps_others_waiting(rolling, &members))?;
        // It would come back on the newest template.
        (pod.ordinal.checked_sub(rolling.start)? >= rolling.partition).then(|| Action::Delete {
            kind: Kind::Row(&POD),
            name: pod.name.to_string(),
            uid: pod.uid.clone(),
            version: Some(pod.version),
        })
    });
    pods.collect()
}

/// The first pod without the claim of some template: its controller gets past none. One that is ready has to wait until all are.
fn lacks_a_claim<'a>(health: &Health, members: &[&'a Member]) -> Option<&'a Member> {
    let lacks = |member: &&&Member| health.claims.iter().any(|(template, _)| !member.claims.contains(template));
    let first = members.iter().find(lacks)?;
    let all_are_ready = || {
        let ready = members.iter().filter(|member| member.standing == Standing::Ready).count();
        i32::try_from(ready) == Ok(health.replicas) && ready == members.len() && health.ready == health.replicas
    };
    match first.standing {
        Standing::InTrouble => Some(first),
        Standing::Ready if all_are_ready() => Some(first),
        Standing::Ready | Standing::Changing => None,
    }
}

/// Where pods come in order: the first that isn't ready, in trouble, on another revision than the newest.
fn keeps_others_waiting<'a>(rolling: &Rolling, members: &[&'a Member]) -> Option<&'a Member> {
    let before = members.iter().take_while(|member| member.standing == Standing::Ready).count();
    let first = members.get(before).filter(|_| rolling.ordered)?;
    let is_next = i32::try_from(before) == Ok(first.ordinal.checked_sub(rolling.start)?);
    (is_next && first.standing == Standing::InTrouble && first.revision != rolling.revision).then_some(first)
}
