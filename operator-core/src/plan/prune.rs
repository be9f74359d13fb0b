//! What shall not be any more.

use std::{collections::HashSet, sync::Arc};

use super::{Action, Gate, Plan, Situation, gates::Gates, is_claim, is_created};
use crate::{
    model::{
        Kind, Object,
        kind::{JOB, REVISION, SECRET},
    },
    state::{Answer, Availability, Child, Fact, Health, Snapshot},
};

/// How long something counts as just created, in seconds: what has run for longer isn't part of an installation under way.
const YOUNG: i64 = 60;

/// The cluster's objects that shall not be once that was done which comes `before`, workloads first. Claims stay: the StatefulSet's retention
/// policy is about them.
pub fn surplus(situation: &Situation<'_>, before: &[Action]) -> Vec<Action> {
    let gates = Gates::new(situation);
    let wanted: HashSet<(&Kind, &str)> =
        situation.wanted.iter().map(|object| (&object.kind, object.name.as_str())).collect();
    let workloads = situation.wanted.iter().filter(|object| object.kind.is_workload());
    let rolling: Vec<&Arc<Object>> = workloads.filter(|object| is_rolling(object, situation)).collect();
    // What pods read or act as stays as long as pods of an older template may need it, also where they start anew. Those that a hook added may
    // need whatever the cluster has.
    let in_use = |child: &Child| {
        let may_need = |object: &&Arc<Object>| {
            object.is_added() || child.node.is_none() || child.node.as_deref() == object.node_name()
        };
        child.kind.read_by_pods && rolling.iter().any(may_need)
    };
    // What a Job did counts until its successor can run: what that waits for may come back as it was.
    let succeeded = |child: &Child| {
        let mut jobs = situation.wanted.iter().filter(|object| object.kind == &JOB);
        let successor = jobs.find(|object| object.node_name() == child.node.as_deref());
        successor.is_none_or(|object| situation.child(object).is_some() || gates.before(object).is_empty())
    };
    let mut surplus: Vec<&Child> = situation.snapshot.children.iter().filter(|child| is_deletable(child)).collect();
    surplus.retain(|child| !wanted.contains(&(&child.kind, &*child.name)) && !in_use(child));
    surplus.retain(|child| child.kind != &JOB || succeeded(child));
    // The last accepted spec is kept until another is.
    let is_kept = |object: &Arc<Object>| {
        let is_it = |action: &Action| action.object().is_some_and(|written| written.is(object));
        situation.child(object).is_some() || before.iter().any(is_it)
    };
    let is_accepted = situation.wanted.iter().any(|object| object.kind == &REVISION && is_kept(object));
    let is_open = situation.snapshot.open().next().is_some();
    surplus.retain(|child| child.kind != &REVISION || (is_accepted && !is_open));
    // What was replaced and its controller hasn't seen is still open.
    surplus.retain(|child| !situation.snapshot.open().any(|(kind, name)| kind == child.kind && *name == *child.name));
    deletions(surplus)
}

/// What this process has just created. Secrets stay: another generated value would change what their readers are, which would be tried again
/// at once, for ever. All stays where claims would go with their StatefulSet: they may be an earlier cluster's of the same name, with its
/// data.
pub fn created(situation: &Situation<'_>) -> Vec<Action> {
    let snapshot = situation.snapshot;
    let is_young = |fact: &Fact| snapshot.time.duration_since(fact.at).as_secs() < YOUNG;
    let is_new = |child: &Child| {
        snapshot.fact(&child.kind, &child.name).is_some_and(|fact| is_created(&fact.answer) && is_young(fact))
    };
    let policy = "/spec/persistentVolumeClaimRetentionPolicy/whenDeleted";
    let takes_claims =
        |object: &Arc<Object>| !object.claims.is_empty() && object.json.pointer(policy) == Some(&"Delete".into());
    if situation.wanted.iter().any(takes_claims) {
        return Vec::new();
    }
    let goes = |child: &&Child| is_deletable(child) && child.kind != &SECRET && is_new(child);
    deletions(snapshot.children.iter().filter(goes).collect())
}

/// The cluster-scoped objects of a cluster that is being deleted. What the inventory names and no watch shows is looked for.
pub fn cluster_scoped(snapshot: &Snapshot) -> Plan {
    let mut plan = Plan::default();
    let there = snapshot.children.iter().filter(|child| !child.kind.namespaced && is_deletable(child));
    plan.actions = deletions(there.collect());
    for (kind, availability) in snapshot.cluster_scoped() {
        plan.undecided |= *availability == Availability::Pending;
        let recorded = snapshot.status.iter().flat_map(|status| status.inventory.names(kind));
        let gone = |name: &str| snapshot.fact(kind, name).is_some_and(|fact| is_not_ours(&fact.answer));
        for name in recorded.filter(|name| snapshot.child(kind, name).is_none() && !gone(name)) {
            match availability {
                Availability::Failing(message) => {
                    let message = format!("it can't be looked for, so the cluster isn't let go: {message}");
                    plan.gates.push(Gate::Refused { kind: kind.clone(), name: name.to_owned(), message });
                }
                Availability::Synced => {
                    let object = Arc::new(Object::sought(kind.clone(), name.to_owned()));
                    plan.actions.push(Action::Inspect { object });
                }
                Availability::Pending | Availability::Missing => {}
            }
        }
    }
    plan
}

/// Whether an object isn't there, or isn't the cluster's.
fn is_not_ours(answer: &Answer) -> bool {
    matches!(answer, Answer::Deleted | Answer::Foreign(_) | Answer::Unowned(_))
}

fn is_deletable(child: &Child) -> bool {
    !is_claim(&child.kind) && !child.deleting
}

/// Workloads first, whatever the order in which the children became known.
fn deletions(mut children: Vec<&Child>) -> Vec<Action> {
    children.sort_by_key(|child| (!child.kind.is_workload(), child.kind.kind.clone(), &child.name));
    let delete = |Child { kind, name, uid, .. }: &Child| Action::Delete {
        kind: kind.clone(),
        name: name.to_string(),
        uid: uid.clone(),
        version: None,
    };
    children.into_iter().map(delete).collect()
}

/// Whether pods may be on another template than the newest.
fn is_rolling(object: &Object, situation: &Situation<'_>) -> bool {
    let is_rolling = |child: &Child| {
        !situation.snapshot.is_in_sync(object, child) || !child.health.as_deref().is_some_and(Health::rolled_out)
    };
    situation.child(object).map_or_else(|| !situation.snapshot.is_done(&object.kind, &object.name), is_rolling)
}
