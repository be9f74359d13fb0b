//! What is to be done: the only place that decides. Pure, and in a fixed order.
//!
//! | module | holds |
//! | --- | --- |
//! | `accepted` | the last spec of which everything was accepted: when it is kept, and what is done for it |
//! | `action` | what the writer is told to do |
//! | [`gates`] | what keeps objects from being written |
//! | `drift` | what brings an object to what it shall be |
//! | `lost` | what was there once and must not be made again |
//! | `volumes` | claims that grow, and those that can't shrink |
//! | `prune` | what shall not be any more |
//! | `stuck` | pods that their StatefulSet's controller can't get past |

mod accepted;
mod action;
mod drift;
pub mod gates;
mod lost;
mod prune;
mod stuck;
mod volumes;

use std::{collections::HashMap, sync::Arc, time::Duration};

use serde::Serialize;

pub use action::{Action, Verb};
pub use gates::Gate;
pub use stuck::STUCK;

use crate::{
    model::{
        Kind, Object,
        kind::{CLAIM, CONFIG_MAP, REVISION, SECRET},
    },
    render::Blueprint,
    settings::Invalid,
    state::{Answer, Availability, Child, Probe, Snapshot},
};
use gates::Gates;
use lost::Unseen;

/// What is to be done for a cluster now.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Plan {
    /// The writes, in order. Empty where everything is as it shall be, or waits.
    pub actions: Vec<Action>,
    /// What keeps objects from being written, and nodes from getting on.
    pub gates: Vec<Gate>,
    /// What is wrong with the spec. Nothing of it is done then.
    pub invalid: Vec<Invalid>,
    /// Whether what comes of the last accepted spec is kept up meanwhile.
    pub keeps_up: bool,
    /// What the inventory has to name before anything is written: objects that nobody would find again else.
    pub record: Vec<(Kind, String)>,
    /// Whether the status has to tell before anything is written that a workload is about to be replaced, and how many pods it has; or, of one that is
    /// deleted, that its replacement is over.
    pub record_replaced: bool,
    /// Whether the finalizer that keeps the custom resource has to be set before anything is done, or can be taken away.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub hold: Option<bool>,
    /// Whether it depends on the last spec of which everything was accepted, and that isn't known.
    pub wants_accepted: bool,
    /// Whether something that the plan depends on is about to be known: it isn't worth a word yet.
    pub undecided: bool,
    /// Whether it has to be known whether the externals are there.
    pub probe: bool,
    /// Whether something is being deleted that is created again once it is gone.
    pub returning: bool,
    /// When to look again though nothing changes.
    pub again: Option<Duration>,
}

impl Plan {
    /// Whether everything is as it shall be.
    pub fn is_done(&self) -> bool {
        self.actions.is_empty() && self.gates.iter().all(Gate::is_remark) && self.invalid.is_empty() && !self.returning
    }

    /// Whether the status must be written before the actions are carried out.
    pub fn must_record(&self) -> bool {
        !self.record.is_empty() || self.record_replaced
    }

    /// Whether something is deleted that can't be made again as it was, such as pods or an address: only for a spec that is the newest. What a
    /// ConfigMap holds is in the spec, and an earlier spec is of use only until a later one is accepted.
    pub fn destroys(&self) -> bool {
        self.actions.iter().any(|action| match action {
            Action::Replace { .. } => true,
            Action::Delete { kind, .. } => *kind != &CONFIG_MAP && *kind != &REVISION,
            _ => false,
        })
    }

    /// The workloads that are deleted to be created anew.
    pub fn replaced(&self) -> impl Iterator<Item = (Kind, &str)> {
        let replaced = self.actions.iter().filter(|action| action.verb() == Verb::Replace).map(Action::target);
        replaced.filter(|(kind, _)| kind.is_workload()).map(|(kind, name)| (kind.clone(), name))
    }

    fn look_again(&mut self, after: Option<Duration>) {
        self.again = self.again.into_iter().chain(after).min();
    }

    /// How often something is done.
    pub fn count(&self, verb: Verb) -> usize {
        self.actions.iter().filter(|action| action.verb() == verb).count()
    }
}

/// How often to look again at a cluster that is held: what is waited for may be gone without a word.
const HELD: Duration = Duration::from_secs(1);

/// Compares what shall be with what is.
///
/// `newest` is what the newest spec comes to, or what is wrong with it. `accepted` is what the last spec comes to of which everything was accepted;
/// it is of use only where a plan without it [wants](Plan::wants_accepted) it.
pub fn plan(newest: Result<&Blueprint, &[Invalid]>, accepted: Option<&Blueprint>, snapshot: &Snapshot) -> Plan {
    if snapshot.deletion.is_some() {
        return accepted::leave(accepted, snapshot);
    }
    let mut plan = match newest {
        Ok(newest) => bring_about(newest, snapshot),
        Err(invalid) => Plan { invalid: invalid.to_vec(), ..Plan::default() },
    };
    if !plan.invalid.is_empty() {
        match accepted {
            Some(accepted) => plan = accepted::keep_up(accepted, plan.invalid, snapshot),
            None => plan.wants_accepted = true,
        }
    } else {
        plan = accepted::finish_first(newest.ok(), accepted, plan, snapshot);
    }
    let is_replaced = plan.replaced().next().is_some();
    let wants_some = newest.is_ok_and(|newest| newest.objects.iter().any(|object| !object.kind.namespaced));
    let has_cluster_scoped = wants_some || snapshot.has_cluster_scoped();
    plan.hold = match snapshot.held {
        false => (is_replaced || has_cluster_scoped).then_some(true),
        true => (!is_replaced && !has_cluster_scoped && snapshot.open().next().is_none()).then_some(false),
    };
    let is_over_soon = snapshot.held && !has_cluster_scoped && (plan.hold.is_some() || !plan.actions.is_empty());
    plan.look_again(is_over_soon.then_some(HELD));
    plan
}

/// What brings about what a spec comes to.
fn bring_about(blueprint: &Blueprint, snapshot: &Snapshot) -> Plan {
    if is_pending(blueprint, snapshot) {
        return Plan { undecided: true, ..Plan::default() };
    }
    let situation = Situation::new(blueprint, snapshot);
    let invalid: Vec<Invalid> =
        volumes::shrinking(&situation).into_iter().map(|invalid| blueprint.invalid(invalid)).collect();
    if !invalid.is_empty() {
        return Plan { invalid, ..Plan::default() };
    }
    let mut plan = write(&situation);
    if situation.is_first_install() && situation.lacks_what_is_refused(&plan.gates) {
        // Nothing is half-installed.
        plan.actions = prune::created(&situation);
        plan.probe = false;
        return plan;
    }
    grow(&mut plan, &situation);
    if !plan.gates.iter().any(Gate::forbids_pruning) {
        let surplus = prune::surplus(&situation, &plan.actions);
        plan.actions.extend(surplus);
    }
    plan.actions.extend(stuck::stuck(&situation));
    record(&mut plan, &situation);
    plan
}

/// Whether a watch was just opened: in a moment all is known.
fn is_pending(blueprint: &Blueprint, snapshot: &Snapshot) -> bool {
    blueprint.kinds().any(|kind| *snapshot.availability(&kind) == Availability::Pending)
}

/// What there is to decide on.
struct Situation<'a> {
    snapshot: &'a Snapshot,
    wanted: Vec<Arc<Object>>,
    /// API group of the kind.
    group: &'static str,
    has_externals: bool,
    children: HashMap<(&'a Kind, &'a str), &'a Child>,
}

impl<'a> Situation<'a> {
    fn new(blueprint: &Blueprint, snapshot: &'a Snapshot) -> Self {
        let mut wanted = blueprint.with(&snapshot.references);
        for revision in wanted.iter_mut().filter(|object| object.kind == &REVISION) {
            Arc::make_mut(revision).json["revision"] = snapshot.generation.into();
        }
        Self {
            snapshot,
            wanted,
            group: blueprint.group,
            has_externals: !blueprint.externals.is_empty(),
            children: snapshot.children.iter().map(|child| ((&child.kind, &*child.name), child)).collect(),
        }
    }

    /// What is in an object's place.
    fn child(&self, object: &Object) -> Option<&'a Child> {
        self.children.get(&(&object.kind, &*object.name)).copied()
    }

    /// Whether an object was there once: it was recorded, or just written.
    fn was_there(&self, object: &Object) -> bool {
        self.snapshot.mark(&object.kind, &object.name).is_some()
    }

    /// Whether nothing was ever recorded as written, Secrets aside, which stay where an installation is refused: whatever else is there, this
    /// process has just created it.
    fn is_first_install(&self) -> bool {
        let secrets = Kind::Row(&SECRET);
        !self.snapshot.status.as_ref().is_some_and(|status| status.inventory.has_marks_beside(&secrets))
    }

    /// Whether the cluster hasn't been ready for so long that what it waits for won't come in a moment.
    fn waits_for_long(&self) -> bool {
        let ready = self.snapshot.status.as_ref().and_then(|status| status.condition("Ready"));
        ready
            .filter(|ready| ready.status != "True")
            .is_some_and(|ready| self.snapshot.time.duration_since(ready.last_transition_time.0) > gates::LONG)
    }

    /// Whether something can't be created. A change that is refused takes nothing back: where the status couldn't be written, the cluster may
    /// have run for long.
    fn lacks_what_is_refused(&self, gates: &[Gate]) -> bool {
        gates.iter().filter(|gate| gate.is_refusal()).any(|gate| match gate {
            Gate::Refused { kind, name, .. } => self.snapshot.child(kind, name).is_none(),
            _ => false,
        })
    }
}

/// The writes of what shall be there.
fn write(situation: &Situation<'_>) -> Plan {
    let mut plan = Plan::default();
    let mut gates = Gates::new(situation);
    for object in &situation.wanted {
        let availability = situation.snapshot.availability(&object.kind);
        if object.kind == &REVISION && !accepted::is_kept_now(object, &plan, &gates, situation.snapshot) {
            continue;
        }
        if *availability != Availability::Synced {
            gates.refuse_kind(object, availability);
            continue;
        }
        let child = match situation.child(object).ok_or_else(|| lost::unseen(object, situation)) {
            Ok(child) => Some(child),
            Err(None) => None,
            Err(Some(Unseen::Restored(child))) => Some(child),
            Err(Some(Unseen::Done)) => continue,
            Err(Some(Unseen::Sought)) => {
                plan.actions.push(Action::Inspect { object: object.clone() });
                continue;
            }
            Err(Some(Unseen::Gone(gate, again))) => {
                gates.fail(object);
                gates.found.push(gate);
                plan.look_again(Some(again));
                continue;
            }
        };
        gates.found.extend(child.into_iter().flat_map(|child| lost::removed(object, child)));
        plan.returning |=
            child.is_some_and(|child| child.deleting) && !situation.snapshot.is_done(&object.kind, &object.name);
        let Some(action) = drift::correct(object, child, situation.snapshot) else { continue };
        let shut = gates.shut(object);
        if !shut.is_empty() {
            gates.found.extend(shut);
            continue;
        }
        let action = match gates.answered(object, child, action) {
            Ok(action) => action,
            Err(again) => {
                plan.look_again(again);
                continue;
            }
        };
        match volumes::released(action, child, situation) {
            Ok(action) => {
                let is_watched = child.is_none_or(|child| child.watched);
                if matches!(action, Action::Release { .. }) || (matches!(action, Action::Replace { .. }) && !is_watched)
                {
                    // Nobody tells when it comes next, or is gone.
                    plan.look_again(Some(gates::TAKEN_AGAIN.1));
                }
                plan.actions.push(action);
            }
            Err(gate) => {
                gates.found.push(gate);
                plan.look_again(Some(gates::TAKEN_AGAIN.1));
            }
        }
    }
    plan.probe = gates.wants_probe;
    // Until it is known whether the externals are there, it isn't worth a word.
    plan.undecided |= gates.wants_probe && situation.snapshot.externals == Probe::Unknown;
    plan.gates = gates.found;
    plan.undecided |= plan.gates.iter().any(Gate::is_undecided);
    plan
}

/// Claims that shall be larger. A refusal of one is in nobody's way.
fn grow(plan: &mut Plan, situation: &Situation<'_>) {
    for action in volumes::growing(situation) {
        let (kind, name) = action.target();
        let child = situation.snapshot.child(kind, name);
        let fact = situation.snapshot.fact(kind, name).filter(|fact| fact.holds(action.sent(), child));
        match gates::grown(fact, situation.snapshot.time, action) {
            Ok(action) => plan.actions.push(action),
            Err((gate, again)) => {
                plan.gates.push(gate);
                plan.look_again(Some(again));
            }
        }
    }
}

/// What must be in the status before anything is written: else an operator that dies in between would never find it again.
fn record(plan: &mut Plan, situation: &Situation<'_>) {
    use crate::model::kind::Presence;
    let inventory = situation.snapshot.status.as_ref().map(|status| &status.inventory);
    for action in &plan.actions {
        let (kind, name) = action.target();
        let is_recorded = inventory.is_some_and(|inventory| inventory.has(kind, name));
        if action.verb() == Verb::Create && kind.presence != Presence::Start && !is_recorded {
            plan.record.push((kind.clone(), name.to_owned()));
        }
        let replicas = |child: &Child| child.health.as_ref().map(|health| health.replicas);
        let row = |child: &Child| {
            let rows = situation.snapshot.status.iter().flat_map(|status| &status.nodes);
            rows.into_iter().find(|row| Some(&*row.name) == child.node.as_deref()).map(|row| row.replicas)
        };
        let is_open = inventory.is_some_and(|inventory| inventory.is_open(kind, name));
        plan.record_replaced |= match action {
            Action::Replace { object, .. } => {
                let child = situation.child(object);
                child.is_some_and(|child| replicas(child) != row(child)) || !is_open
            }
            // That its replacement is over: else it would be open again, and nobody could end it any more.
            Action::Delete { .. } => is_open,
            _ => false,
        };
    }
}

/// Whether a fact is that something was created just now.
fn is_created(answer: &Answer) -> bool {
    matches!(answer, Answer::Stored { created: true, .. })
}

/// Whether a kind is that of claims, of which a refusal is in nobody's way.
fn is_claim(kind: &Kind) -> bool {
    *kind == &CLAIM
}
