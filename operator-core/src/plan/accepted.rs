//! The last spec of which everything was accepted: when it is kept, and what is done for it while a newer one is invalid or something of it is
//! open.

use std::sync::Arc;

use super::{
    Action, Gate, HELD, Plan, Situation, Verb, drift,
    gates::{Gates, is_refused_lately},
    is_pending, lost, prune, write,
};
use crate::{
    model::{Kind, Object, kind::JOB},
    render::Blueprint,
    settings::Invalid,
    state::{Answer, Availability, Child, Deletion, Snapshot},
};

/// Whether the newest spec may be kept: nothing that comes before is held back, or has yet to be found out, and what was begun for an earlier one
/// is finished. One that can't be kept is in nobody's way.
pub(super) fn is_kept_now(revision: &Object, plan: &Plan, gates: &Gates<'_>, snapshot: &Snapshot) -> bool {
    let is_final = |action: &Action| matches!(action.verb(), Verb::Create | Verb::Apply);
    let is_accepted = !plan.returning && plan.actions.iter().all(is_final) && gates.found.iter().all(Gate::is_remark);
    is_accepted
        && snapshot.open().next().is_none()
        && *snapshot.availability(&revision.kind) == Availability::Synced
        && !is_refused_lately(revision, snapshot)
}

/// What is to be done where the spec is invalid, and another was accepted before: what was written for that is put back where someone changed or
/// deleted it. Nothing is taken away, nothing that a later spec has changed is set back, and no Job runs again.
pub(super) fn keep_up(accepted: &Blueprint, invalid: Vec<Invalid>, snapshot: &Snapshot) -> Plan {
    if is_pending(accepted, snapshot) {
        return Plan { undecided: true, ..Plan::default() };
    }
    let mut situation = Situation::new(accepted, snapshot);
    situation.wanted.retain(|object| {
        let mark = snapshot.mark(&object.kind, &object.name);
        // A later spec took it down.
        let was_pruned = snapshot.fact(&object.kind, &object.name).is_some_and(lost::is_of_pruning);
        object.kind != &JOB && !was_pruned && mark.is_some_and(|mark| mark.sent == object.intent)
    });
    let mut plan = Plan { invalid, keeps_up: true, ..write(&situation) };
    plan.actions.retain(|action| matches!(action.verb(), Verb::Create | Verb::Apply | Verb::Inspect));
    plan
}

/// What is to be done first, ahead of every gate: what was begun for an earlier spec, and isn't part of the newest. Else `plan`.
pub(super) fn finish_first(
    newest: Option<&Blueprint>,
    accepted: Option<&Blueprint>,
    plan: Plan,
    snapshot: &Snapshot,
) -> Plan {
    let unfinished = unfinished(newest, snapshot);
    let is_gone = |(kind, name): &(Kind, &str)| snapshot.child(kind, name).is_none();
    match accepted {
        // What is there is only waited for.
        _ if !unfinished.iter().any(is_gone) => plan,
        None => Plan { wants_accepted: true, ..plan },
        Some(accepted) => {
            let first = finish(&unfinished, accepted, snapshot);
            if first.actions.is_empty() { plan } else { first }
        }
    }
}

/// What is to be done for a cluster that is being deleted: the garbage collector deletes what it owns, once it is gone. Cluster-scoped objects have
/// to go before. Where someone wants its children to stay (`--cascade=orphan`), nothing is finished, and nothing goes.
pub(super) fn leave(accepted: Option<&Blueprint>, snapshot: &Snapshot) -> Plan {
    if !snapshot.held {
        return Plan::default();
    }
    let mut plan = match snapshot.deletion {
        Some(Deletion::Background) => finish_first(None, accepted, prune::cluster_scoped(snapshot), snapshot),
        _ => Plan::default(),
    };
    let is_gone = |(kind, name): (Kind, &str)| snapshot.child(&kind, name).is_none();
    plan.look_again(Some(HELD));
    let is_cluster_scoped = |child: &Child| !child.kind.namespaced;
    let is_over = plan.actions.is_empty() && plan.gates.is_empty() && !plan.undecided;
    let is_left = snapshot.deletion != Some(Deletion::Orphan) && snapshot.children.iter().any(is_cluster_scoped);
    plan.hold = (is_over && !is_left && snapshot.open().all(is_gone)).then_some(false);
    plan
}

/// The workloads that were deleted to be created anew, and by now shall not be. `newest`: what shall be; none: the cluster is being deleted.
fn unfinished<'a>(newest: Option<&Blueprint>, snapshot: &'a Snapshot) -> Vec<(Kind, &'a str)> {
    let is_wanted = |(kind, name): &(Kind, &str)| newest.is_some_and(|newest| newest.find(kind, name).is_some());
    snapshot.open().filter(|open| !is_wanted(open)).collect()
}

/// Creates these after all, as the last accepted spec had them: so their pods have an owner to go with. Claims stay: what the newest spec says of
/// them isn't known here. What couldn't be created once isn't tried again: someone else may have put something in its place.
fn finish(unfinished: &[(Kind, &str)], accepted: &Blueprint, snapshot: &Snapshot) -> Plan {
    let gone = unfinished.iter().filter(|(kind, name)| snapshot.child(kind, name).is_none());
    let failed = |kind: &Kind, name: &str| {
        let fact = snapshot.fact(kind, name);
        fact.is_some_and(|fact| !matches!(fact.answer, Answer::Stored { .. } | Answer::Deleted | Answer::Exists))
    };
    let is_there = |kind: &Kind, name: &str| snapshot.fact(kind, name).is_some_and(|it| it.answer == Answer::Exists);
    let wanted = accepted.with(&snapshot.references);
    let actions = gone.filter(|(kind, name)| !failed(kind, name)).filter_map(|(kind, name)| {
        let mut object = wanted.iter().find(|object| object.kind == *kind && object.name == *name)?.clone();
        if is_there(kind, name) {
            return Some(Action::Inspect { object });
        }
        let replicas = drift::before(&object, snapshot);
        let json = &mut Arc::make_mut(&mut object).json;
        if let Some(policy) = json.pointer_mut("/spec/persistentVolumeClaimRetentionPolicy/whenDeleted") {
            *policy = "Retain".into();
        }
        Some(Action::Create { object, replicas })
    });
    Plan { actions: actions.collect(), ..Plan::default() }
}
