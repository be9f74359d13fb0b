//! One cluster: build, plan, execute, report.

use std::{sync::Arc, time::Duration};

use http::Request;
use k8s_openapi::jiff::Timestamp;
use kube::runtime::controller::Action;
use serde_json::{Value, json};
use tokio::time::Instant;

use super::{
    events::Recorder,
    memory::{Memories, Refused, Written},
    tracked::Tracked,
    world::{Sight, World},
};
use crate::{
    apply::{Outcome, Writer},
    definition::Definition,
    desired::{self, Desired, Identity, Revisions},
    node::Invalid,
    observe::{Child, Store},
    plan::{self, Action as Write, Plan, Verb},
    status::{ClusterStatus, Problem, Reason},
};

/// The shortest time between two status writes of a cluster.
const STATUS_EVERY: Duration = Duration::from_secs(1);
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
    cluster: String,
    message: String,
}

/// Brings one cluster a step nearer to its spec.
pub async fn reconcile(cluster: Arc<Tracked>, context: Arc<Context>) -> Result<Action, Transient> {
    if cluster.deleting {
        // The garbage collector deletes what the cluster owns.
        return Ok(Action::await_change());
    }
    let identity = cluster.identity();
    let observed = context.store.children(&identity.uid);
    let desired = desired(&cluster, &identity, &observed, &context);
    let (problem, again) = match &desired {
        Ok(desired) => match context.world.sight(&cluster, &identity, context.definition, desired) {
            Sight::Clear => bring_about(desired, &observed, &identity, &context).await,
            Sight::Opening => return Ok(Action::await_change()),
            Sight::Blocked(problem) => (Some(problem), None),
        },
        Err(invalid) => (Some(invalid_spec(invalid)), None),
    };
    if desired.as_ref().is_ok_and(|desired| !context.world.is_current(&identity, desired)) {
        // A Secret was just made, say; the change has asked for another reconcile, and until then there is nothing to report.
        return Ok(Action::await_change());
    }
    tell(problem.as_ref(), &identity, &context);
    let transient = problem.as_ref().filter(|problem| problem.reason == Reason::Retrying);
    let attempts = context.memory.with(&identity.uid, |memory| memory.attempts);
    let wait = if transient.is_some() && attempts < SAY_AFTER {
        None
    } else {
        report(&cluster, &identity, desired.as_deref().ok(), problem.as_ref(), &context).await?
    };
    if let Some(problem) = transient {
        return Err(Transient {
            cluster: format!("{}/{}", identity.namespace, identity.name),
            message: problem.message.clone(),
        });
    }
    context.memory.with(&identity.uid, |memory| memory.attempts = 0);
    Ok(wait.into_iter().chain(again).min().map_or_else(Action::await_change, Action::requeue))
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
    observed: &[Child],
    context: &Context,
) -> Result<Arc<Desired>, Vec<Invalid>> {
    let (outline, accepted) =
        context.memory.with(&identity.uid, |memory| (memory.outline.clone(), memory.accepted.clone()));
    if let Some((generation, outline)) = outline
        && generation == cluster.generation
        && context.world.is_current(identity, &outline)
        && plan::plan(&outline, observed, &accepted).is_ok_and(|plan| plan.writes_nothing())
    {
        return Ok(outline);
    }
    let spec = (context.typed)(&cluster.spec()).map_err(|invalid| vec![invalid])?;
    let content = |reference: &_| context.world.content(identity, reference);
    let desired = loop {
        let desired = desired::build(identity, Revisions { newest: &spec }, context.definition, &content)?;
        // What changes from here on asks for another reconcile; what changed meanwhile doesn't.
        if context.world.refer(identity, &desired) {
            break desired;
        }
    };
    let outline = Arc::new(desired.outline());
    context.memory.with(&identity.uid, |memory| memory.outline = Some((cluster.generation, outline)));
    Ok(Arc::new(desired))
}

/// Takes out of a plan what can't be, or has to wait. Returns for what it waits, and when to look again.
async fn hold(
    plan: &mut Plan<'_>,
    desired: &Desired,
    identity: &Identity,
    context: &Context,
) -> Option<(Problem, Option<Duration>)> {
    plan.actions.retain(|action| {
        let (kind, _) = action.target();
        !kind.optional || context.world.has(kind)
    });
    let mut waits = Vec::new();
    plan.actions.retain(|action| match action {
        Write::Create(object) | Write::Apply { object, .. } | Write::Replace { object, .. } => {
            waits.extend(object.waits_for.iter().cloned());
            object.waits_for.is_empty()
        }
        Write::Delete(_) => true,
    });
    waits.sort();
    waits.dedup();
    let is_workload = |action: &Write<'_>| action.verb() != Verb::Delete && action.target().0.is_workload();
    if plan.actions.iter().any(is_workload)
        && let Some(missing) = context.world.missing(identity, desired).await
    {
        plan.actions.retain(|action| !is_workload(action));
        waits.insert(0, missing.message);
        let problem = Problem { reason: Reason::WaitingForExternal, message: waits.join("; ") };
        return Some((problem, Some(missing.again)));
    }
    (!waits.is_empty()).then(|| (Problem { reason: Reason::Waiting, message: waits.join("; ") }, None))
}

fn invalid_spec(invalid: &[Invalid]) -> Problem {
    let message = invalid.iter().map(Invalid::to_string).collect::<Vec<_>>().join("; ");
    Problem { reason: Reason::InvalidSpec, message }
}

/// Plans and executes. Returns what is wrong, and when to look again though nothing changes.
async fn bring_about(
    desired: &Desired,
    observed: &[Child],
    identity: &Identity,
    context: &Context,
) -> (Option<Problem>, Option<Duration>) {
    let wanted = desired.digest();
    let (accepted, applied, refused) =
        context.memory.with(&identity.uid, |memory| (memory.accepted.clone(), memory.applied, memory.refused.clone()));
    let refused = refused.filter(|refused| refused.still_holds(wanted, observed));
    let mut plan = match plan::plan(desired, observed, &accepted) {
        Ok(plan) => plan,
        Err(invalid) => return (Some(invalid_spec(&invalid)), None),
    };
    if let Some(refused) = &refused {
        if applied != Some(wanted) {
            // Nothing is half-applied.
            return (Some(refused.problem.clone()), None);
        }
        plan.actions.retain(|action| !refused.is(action.target()));
    }
    let (waiting, again) = hold(&mut plan, desired, identity, context).await.unzip();
    let again = again.flatten();
    if plan.actions.is_empty() {
        if refused.is_none() && waiting.is_none() {
            context.memory.with(&identity.uid, |memory| memory.applied = Some(wanted));
        }
        return (refused.map(|refused| refused.problem).or(waiting), again);
    }
    let outcome = context.writer.execute(&plan, &identity.namespace, &identity.uid, &context.store).await;
    let problem = outcome.problem();
    log(&outcome, identity);
    context.events.done(identity, context.definition, &outcome.done);
    context.memory.with(&identity.uid, |memory| {
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
    let problem = problem.or(refused.map(|refused| refused.problem)).or(waiting);
    let taken = outcome.taken.iter().map(|(_, passing)| if *passing { TAKEN.1 } else { TAKEN.0 });
    (problem, taken.chain(again).min())
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

/// Writes the status where it changed: the first time at once, then no more often than [`STATUS_EVERY`]. Returns how long to wait where it is too soon.
async fn report(
    cluster: &Tracked,
    identity: &Identity,
    desired: Option<&Desired>,
    problem: Option<&Problem>,
    context: &Context,
) -> Result<Option<Duration>, Transient> {
    let observed = context.store.children(&identity.uid);
    let written = context.memory.with(&identity.uid, |memory| memory.written.clone());
    // What was written here may be newer than what the watch has shown.
    let previous = match &written {
        Some(Written { status: Some(status), version, .. }) if *version > cluster.version => Some(status),
        _ => cluster.status.as_deref(),
    };
    let status = ClusterStatus::report(cluster.generation, desired, &observed, problem, previous, Timestamp::now());
    if status.is_ready() {
        context.memory.with(&identity.uid, |memory| memory.outline = None);
    }
    if previous == Some(&status) {
        return Ok(None);
    }
    if let Some(written) = &written
        && written.at.elapsed() < STATUS_EVERY
    {
        return Ok(Some(STATUS_EVERY - written.at.elapsed()));
    }
    let url = format!(
        "/apis/{}/namespaces/{}/{}/{}/status?fieldManager={}",
        context.definition.api_version(),
        identity.namespace,
        context.definition.plural,
        identity.name,
        context.writer.manager
    );
    // With the UID, a new cluster of the same name doesn't get the status of an old one.
    let patch = json!({ "metadata": { "uid": identity.uid }, "status": status });
    let transient =
        |message: String| Transient { cluster: format!("{}/{}", identity.namespace, identity.name), message };
    let request = Request::patch(url)
        .header("content-type", "application/merge-patch+json")
        .body(patch.to_string().into_bytes())
        .map_err(|error| transient(error.to_string()))?;
    match context.writer.client.request::<Stored>(request).await {
        Ok(stored) => {
            context.memory.with(&identity.uid, |memory| {
                memory.written = Some(Written {
                    status: Some(status),
                    generation: cluster.generation,
                    version: stored.version(),
                    at: Instant::now(),
                })
            });
            Ok(None)
        }
        // Deleted meanwhile.
        Err(kube::Error::Api(status)) if matches!(status.code, 404 | 409) => Ok(None),
        Err(error) => Err(transient(format!("status: {error}"))),
    }
}

/// The part of the API server's answer that is needed: the rest isn't decoded.
#[derive(serde::Deserialize)]
struct Stored {
    metadata: StoredMetadata,
}

#[derive(serde::Deserialize)]
#[serde(rename_all = "camelCase")]
struct StoredMetadata {
    resource_version: String,
}

impl Stored {
    fn version(&self) -> u64 {
        self.metadata.resource_version.parse().unwrap_or_default()
    }
}
