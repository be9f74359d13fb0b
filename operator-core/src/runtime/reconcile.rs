//! One cluster: build, plan, execute, report.

use std::{sync::Arc, time::Duration};

use kube::runtime::controller::Action;
use serde_json::Value;

use super::{
    events::Recorder,
    memory::{Memories, Refused, Written},
    report::report,
    tracked::Tracked,
    world::{Sight, World},
};
use crate::{
    apply::{Outcome, Writer},
    definition::Definition,
    model::kind::{self, CLAIM, ChildKind},
    plan::{self, Accepted, Inputs, LeftOut, Plan, Verb, Waiting},
    render::{self, Desired, Identity, Revisions},
    settings::Invalid,
    state::{Child, Store},
    status::{ClusterStatus, Problem, Reason},
};

/// How often a name that is someone else's is tried again, and one that an earlier cluster of the same name leaves soon.
const TAKEN: (Duration, Duration) = (Duration::from_secs(15), Duration::from_secs(1));
/// Failures in a row before the status says so: one that passes at once is nobody's concern.
const SAY_AFTER: usize = 2;

/// What every reconcile shares.
pub struct Context {
    pub definition: &'static Definition,
    /// Reads a spec as its type has it.
    pub typed: fn(&Value) -> Result<Value, Invalid>,
    pub store: Arc<Store>,
    pub writer: Writer,
    pub events: Recorder,
    pub memory: Memories,
    pub world: World,
}

impl Context {
    /// A cluster is gone: nothing of it is kept.
    pub fn forget(&self, uid: &str) {
        self.memory.forget(uid);
        self.world.forget(uid);
    }
}

/// Something that may work when it is tried again.
#[derive(Debug, thiserror::Error)]
#[error("{cluster}: {message}")]
pub struct Transient {
    pub cluster: String,
    pub message: String,
}

/// Brings one cluster a step nearer to its spec.
pub async fn reconcile(cluster: Arc<Tracked>, context: Arc<Context>) -> Result<Action, Transient> {
    if cluster.deleting {
        // The garbage collector deletes what the cluster owns.
        return Ok(Action::await_change());
    }
    let identity = cluster.identity();
    let observed = context.store.cluster(&identity.uid, &identity.namespace, &identity.name);
    let previous = previous(&cluster, &context);
    let available = |kind: &ChildKind| context.world.has(kind);
    let surroundings = Surroundings { observed: &observed, previous: previous.as_ref(), available: &available };
    let desired = desired(&cluster, &identity, &surroundings, &context);
    let step = match &desired {
        Ok(desired) => match context.world.sight(&identity, &surroundings.kinds(context.definition), desired) {
            Sight::Clear => bring_about(desired, &surroundings, &cluster, &identity, &context).await?,
            Sight::Opening => return Ok(Action::await_change()),
            Sight::Blocked(problem) => Step { problem: Some(problem), ..Step::default() },
        },
        Err(invalid) => Step { problem: Some(invalid_spec(invalid)), ..Step::default() },
    };
    if desired.as_ref().is_ok_and(|desired| !context.world.is_current(&identity, desired)) {
        // A Secret was just made, say; the change has asked for another reconcile, and until then there is nothing to report.
        return Ok(Action::await_change());
    }
    let problem = &step.problem;
    tell(problem.as_ref(), &identity, &context);
    let retrying = problem.as_ref().filter(|problem| problem.reason == Reason::Retrying);
    // What failed is tried again, whatever is worse.
    let transient = retrying.map(|problem| problem.message.clone()).or_else(|| step.failed.clone());
    let attempts = context.memory.with(&identity.uid, |memory| memory.attempts);
    let wait = if retrying.is_some() && attempts < SAY_AFTER {
        None
    } else {
        report(&cluster, &identity, desired.as_deref().ok(), &step, &context).await?
    };
    if let Some(message) = transient {
        return Err(Transient { cluster: format!("{}/{}", identity.namespace, identity.name), message });
    }
    context.memory.with(&identity.uid, |memory| memory.attempts = 0);
    Ok(wait.into_iter().chain(step.again).min().map_or_else(Action::await_change, Action::requeue))
}

/// What a cluster's plan depends on beside its spec.
struct Surroundings<'a> {
    observed: &'a [Child],
    previous: Option<&'a ClusterStatus>,
    available: &'a (dyn Fn(&ChildKind) -> bool + Sync),
}

impl<'a> Surroundings<'a> {
    /// The kinds that a cluster has, or had, children of.
    fn kinds(&self, definition: &Definition) -> Vec<&'static ChildKind> {
        let recorded = self.previous.into_iter().flat_map(|status| &status.kinds);
        let recorded = recorded.filter_map(|id| kind::recorded(id, definition));
        self.observed.iter().map(|child| child.kind).filter(|kind| *kind != &CLAIM).chain(recorded).collect()
    }

    fn inputs(&self, accepted: &'a Accepted) -> Inputs<'a> {
        Inputs {
            accepted: Some(accepted),
            previous: self.previous,
            available: self.available,
            ..Inputs::new(self.observed)
        }
    }
}

/// What a reconcile came to.
#[derive(Default)]
pub struct Step {
    /// What is wrong.
    pub problem: Option<Problem>,
    /// What failed and may work later.
    pub failed: Option<String>,
    /// When to look again though nothing changes.
    pub again: Option<Duration>,
    /// Nodes that wait, and for what.
    pub waiting: Vec<Waiting>,
    /// Whether they wait for something that the operator doesn't run.
    pub held: bool,
    /// Objects whose kind is missing.
    pub left_out: Vec<LeftOut>,
}

/// The status as it was last written: what was written here may be newer than what the watch has shown.
pub fn previous(cluster: &Tracked, context: &Context) -> Option<ClusterStatus> {
    let written = context.memory.with(cluster.uid(), |memory| match &memory.written {
        Some(Written { status: Some(status), version, .. }) if *version > cluster.version => Some(status.clone()),
        _ => None,
    });
    written.or_else(|| cluster.status.as_deref().cloned())
}

/// Tries again later: longer after each failure in a row.
pub fn retry(cluster: Arc<Tracked>, error: &Transient, context: Arc<Context>) -> Action {
    let wait = context.memory.backoff(cluster.uid());
    tracing::warn!(%error, again_in = ?wait, "failed");
    Action::requeue(wait)
}

/// The desired state. While a cluster isn't ready it is asked for again and again: what is kept of it then, without the objects' JSON, is
/// enough as long as nothing is to be written.
fn desired(
    cluster: &Tracked,
    identity: &Identity,
    surroundings: &Surroundings<'_>,
    context: &Context,
) -> Result<Arc<Desired>, Vec<Invalid>> {
    let (outline, accepted) =
        context.memory.with(&identity.uid, |memory| (memory.outline.clone(), memory.accepted.clone()));
    if let Some((generation, outline)) = outline
        && generation == cluster.generation
        && context.world.is_current(identity, &outline)
        && plan::plan(&outline, &surroundings.inputs(&accepted)).is_ok_and(|plan| plan.writes_nothing())
    {
        return Ok(outline);
    }
    let spec = (context.typed)(&cluster.spec()).map_err(|invalid| vec![invalid])?;
    let content = |reference: &_| context.world.content(identity, reference);
    let desired = loop {
        let desired = render::build(identity, Revisions { newest: &spec }, context.definition, &content)?;
        // What changes from here on asks for another reconcile; what changed meanwhile doesn't.
        if context.world.refer(identity, &desired) {
            break desired;
        }
    };
    let outline = Arc::new(desired.outline());
    context.memory.with(&identity.uid, |memory| memory.outline = Some((cluster.generation, outline)));
    Ok(Arc::new(desired))
}

/// Whether a plan makes or changes workloads.
fn touches_workloads(plan: &Plan<'_>) -> bool {
    plan.actions.iter().any(|action| action.verb() != Verb::Delete && action.target().0.is_workload())
}

/// Whether an action writes an object of which only the outline is there.
fn lacks_json(action: &plan::Action<'_>) -> bool {
    match action {
        plan::Action::Create { object, .. }
        | plan::Action::Apply { object, .. }
        | plan::Action::Replace { object, .. } => object.json.is_null(),
        plan::Action::Grow { .. } | plan::Action::Delete(_) => false,
    }
}

fn invalid_spec(invalid: &[Invalid]) -> Problem {
    let message = invalid.iter().map(Invalid::to_string).collect::<Vec<_>>().join("; ");
    Problem { reason: Reason::InvalidSpec, message }
}

/// Plans and executes.
async fn bring_about(
    desired: &Desired,
    surroundings: &Surroundings<'_>,
    cluster: &Tracked,
    identity: &Identity,
    context: &Context,
) -> Result<Step, Transient> {
    let observed = surroundings.observed;
    let wanted = desired.digest();
    let (accepted, applied, refused) =
        context.memory.with(&identity.uid, |memory| (memory.accepted.clone(), memory.applied, memory.refused.clone()));
    let refused = refused.filter(|refused| refused.still_holds(wanted, observed));
    let inputs = surroundings.inputs(&accepted);
    let mut planned = plan::plan(desired, &inputs);
    let replaced = context.memory.with(&identity.uid, |memory| memory.replaced.clone());
    let half_replaced = planned.iter().flat_map(|plan| &plan.actions).filter(|action| {
        let (kind, name) = action.target();
        action.verb() == Verb::Create && replaced.iter().any(|(of, replaced)| *of == kind && replaced == name)
    });
    let half_replaced: Vec<plan::Action<'_>> = half_replaced.cloned().collect();
    let mut missing = None;
    if planned.as_ref().is_ok_and(touches_workloads) {
        missing = context.world.missing(identity, desired).await;
    }
    if let Some(missing) = &missing {
        planned = plan::plan(desired, &Inputs { hold: Some(&missing.message), ..inputs });
    }
    let mut plan = match planned {
        Ok(plan) => plan,
        Err(invalid) => return Ok(Step { problem: Some(invalid_spec(&invalid)), ..Step::default() }),
    };
    let done = plan.is_done();
    let mut step = Step {
        waiting: std::mem::take(&mut plan.waiting),
        left_out: std::mem::take(&mut plan.left_out),
        held: missing.is_some(),
        again: missing.as_ref().map(|missing| missing.again),
        ..Step::default()
    };
    if let Some(refused) = &refused {
        step.problem = Some(refused.problem.clone());
        if applied != Some(wanted) && refused.is_in_the_way() {
            // Nothing is half-applied.
            plan.actions.clear();
        }
        plan.actions.retain(|action| !refused.is(action.target()));
    }
    // Whatever else is in the way: pods don't stay without their workload.
    for action in half_replaced {
        let refused = refused.as_ref().is_some_and(|refused| refused.is(action.target()));
        if !refused && !plan.actions.iter().any(|planned| planned.target() == action.target()) {
            plan.actions.push(action);
        }
    }
    if plan.actions.is_empty() {
        if done && refused.is_none() {
            context.memory.with(&identity.uid, |memory| memory.applied = Some(wanted));
        }
        return Ok(step);
    }
    if makes_unremembered(&plan, surroundings.previous)
        && let Some(wait) = report(cluster, identity, Some(desired), &step, context).await?
    {
        step.again = step.again.into_iter().chain([wait]).min();
        return Ok(step);
    }
    if plan.actions.iter().any(lacks_json) {
        // An outline was thought to be enough; a kind became available since.
        context.memory.with(&identity.uid, |memory| memory.outline = None);
        return Ok(Step { again: Some(Duration::ZERO), ..step });
    }
    let outcome = context.writer.execute(&plan, &identity.namespace, &identity.uid, &context.store).await;
    let problem = outcome.problem();
    log(&outcome, identity);
    context.events.done(identity, context.definition, &outcome.done);
    context.memory.with(&identity.uid, |memory| {
        for (verb, kind, name) in &outcome.done {
            memory.replaced.retain(|(of, replaced)| (of, replaced) != (kind, name));
            if *verb == Verb::Replace {
                memory.replaced.push((kind, name.clone()));
            }
        }
        memory.refused = match &problem {
            Some(problem) if problem.reason == Reason::Refused => Some(Refused {
                wanted,
                objects: outcome
                    .refused
                    .iter()
                    .map(|(kind, name, _)| (*kind, name.clone(), Refused::there(kind, name, observed)))
                    .collect(),
                problem: problem.clone(),
            }),
            _ => refused.clone(),
        };
        memory.accepted.retain(|uid, _| observed.iter().any(|child| child.uid == *uid));
        memory.accepted.extend(outcome.changed);
    });
    step.problem = problem.or(step.problem);
    step.failed = (!outcome.failed.is_empty()).then(|| outcome.failed.join("; "));
    let taken = outcome.taken.iter().map(|(_, passing)| if *passing { TAKEN.1 } else { TAKEN.0 });
    step.again = taken.chain(step.again).min();
    Ok(step)
}

/// Whether a plan makes objects of a kind that the status must remember and doesn't yet. It shall before there is something: an operator that
/// dies in between would never find it again, were it no longer wanted then.
fn makes_unremembered(plan: &Plan<'_>, previous: Option<&ClusterStatus>) -> bool {
    let remembered = previous.map_or(&[] as &[_], |status| &status.kinds);
    plan.actions.iter().any(|action| {
        let kind = action.target().0;
        action.verb() == Verb::Create && !kind::is_always_watched(kind) && !remembered.contains(&kind.id())
    })
}

fn log(outcome: &Outcome, identity: &Identity) {
    for (verb, kind, name) in &outcome.done {
        tracing::debug!(namespace = identity.namespace, cluster = identity.name, ?verb, kind = kind.kind, name, "done");
    }
    if !outcome.done.is_empty() {
        tracing::info!(namespace = identity.namespace, cluster = identity.name, writes = outcome.done.len(), "applied");
    }
}

/// Says in an event what is wrong, once.
fn tell(problem: Option<&Problem>, identity: &Identity, context: &Context) {
    let new = context.memory.with(&identity.uid, |memory| {
        let new = memory.said.as_ref() != problem;
        memory.said = problem.cloned();
        new
    });
    if let Some(problem) = problem.filter(|problem| new && problem.reason != Reason::Retrying) {
        tracing::warn!(
            namespace = identity.namespace,
            cluster = identity.name,
            reason = problem.reason.as_str(),
            problem = problem.message,
            "can't get on"
        );
        context.events.problem(identity, context.definition, problem);
    }
}
