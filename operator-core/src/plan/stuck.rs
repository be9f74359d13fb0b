//! Pods that their StatefulSet's controller can't get past: they are deleted, one at a time, and come back on the newest template.
//!
//! The controller takes pods by their numbers.
//!
//! - Where pods come in order, it gets to none after one that isn't ready, also when the spec was put right since (kubernetes#67250).
//! - Where the StatefulSet has a claim template more than when a pod was made, it tries to give the pod the volume, which no API server
//!   admits. It gets to no pod after that one, and updates none before it (kubernetes#141876).

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
        let pod = in_the_way(health, rolling, &members)?;
        // It would come back on the newest template.
        (pod.ordinal - rolling.start >= rolling.partition).then(|| Action::Delete {
            kind: Kind::Row(&POD),
            name: pod.name.to_string(),
            uid: pod.uid.clone(),
            version: Some(pod.version),
        })
    });
    pods.collect()
}

/// The pod that the controller can't get past, where nothing is lost by deleting it.
fn in_the_way<'a>(health: &Health, rolling: &Rolling, all: &[&'a Member]) -> Option<&'a Member> {
    let wanted = |member: &&&Member| (0..health.replicas).contains(&(member.ordinal - rolling.start));
    let members: Vec<&Member> = all.iter().filter(wanted).copied().collect();
    let is_earlier = |member: &Member| member.revision != rolling.revision;
    let lacks = |member: &&Member| {
        is_earlier(member) && health.claims.iter().any(|(template, _)| !member.claims.contains(template))
    };
    let lacking = members.iter().position(lacks);
    // One behind these is never deleted: the controller wouldn't get to make it again.
    let reached = match lacking {
        Some(at) => &members[..=at],
        None if rolling.ordered => &members[..],
        None => &[],
    };
    let ready = reached.iter().take_while(|member| member.standing == Standing::Ready).count();
    let last = ready.min(reached.len().checked_sub(1)?);
    let pod = *reached.get(last)?;
    // A pod that is missing before it, the controller makes.
    let is_next = i32::try_from(last) == Ok(pod.ordinal - rolling.start);
    let may_go = if ready < reached.len() {
        pod.standing == Standing::InTrouble && is_earlier(pod)
    } else {
        lacking.is_some() && rests(rolling, all, &members[reached.len()..])
    };
    (is_next && may_go).then_some(pod)
}

/// Whether a pod that is ready can go: no other one is about to get ready, or may by itself. Those behind it that are missing, or have failed, come
/// back only after it: nobody waits for them.
fn rests(rolling: &Rolling, all: &[&Member], behind: &[&Member]) -> bool {
    let ready = all.iter().filter(|member| member.standing == Standing::Ready).count();
    // As many as when they were listed, and each for as long as the set's `minReadySeconds` wants.
    i32::try_from(ready) == Ok(rolling.available)
        && behind.iter().all(|member| matches!(member.standing, Standing::Ready | Standing::Failed))
}
