//! One cluster: render, snapshot, plan, record, execute, report.

use std::time::Duration;

use super::{
    clusters::Clusters,
    context::{Context, STATUS_EVERY},
    tracked::Tracked,
};
use crate::{
    model::Invalid,
    plan::{Plan, plan},
    render::Blueprint,
    state::{Snapshot, fact::Failed},
    status::{self, Reason},
};

/// Failures in a row before the status says so: one that passes at once is nobody's concern.
const SAY_AFTER: usize = 2;

/// Something that may work when it is tried again.
#[derive(Debug, thiserror::Error)]
#[error("{cluster}: {message}")]
pub struct Transient {
    /// Namespace and name.
    pub cluster: String,
    /// What went wrong.
    pub message: String,
    /// When the API server wants to be asked again.
    pub again: Option<Duration>,
}

/// Brings one cluster a step nearer to its spec. Returns when to look again though nothing changes.
pub async fn reconcile(
    cluster: &Tracked,
    context: &Context,
    clusters: &Clusters,
) -> Result<Option<Duration>, Transient> {
    let uid = cluster.uid();
    let result = if cluster.deleting {
        // The garbage collector deletes what the cluster owns.
        context.pods.forget(uid);
        Ok(Next { at_rest: true, again: None })
    } else {
        let rendered = context.render(cluster);
        let result = step(cluster, context, rendered.as_ref()).await;
        match rendered {
            Ok(blueprint) if !result.as_ref().is_ok_and(|next| next.at_rest) => {
                context.records.keep(cluster, blueprint)
            }
            _ => context.records.rest(uid),
        }
        result
    };
    if !clusters.knows(uid) {
        // Deleted meanwhile: what was kept of it since is kept for nobody.
        context.forget(uid);
    }
    result.map(|next| next.again)
}

/// What comes after a step.
struct Next {
    /// Nothing: the cluster is ready.
    at_rest: bool,
    /// When to look again though nothing changes.
    again: Option<Duration>,
}

async fn step(
    cluster: &Tracked,
    context: &Context,
    blueprint: Result<&Blueprint, &Vec<Invalid>>,
) -> Result<Next, Transient> {
    let snapshot = context.snapshot(cluster, blueprint.ok());
    let plan = decide(blueprint, &snapshot);
    context.dump(&snapshot, &plan);
    if let (true, Ok(blueprint)) = (plan.probe, blueprint) {
        context.probes.ask(&snapshot.cluster, &blueprint.externals);
    }
    if let Ok(blueprint) = blueprint
        && !context.record(cluster, blueprint, &snapshot, &plan).await?
    {
        return Ok(Next { at_rest: false, again: Some(STATUS_EVERY) });
    }
    let outcome = context.writer.execute(&plan, &snapshot.cluster).await;
    context.learn(&snapshot, &outcome);
    let renewed = (!plan.actions.is_empty()).then(|| context.snapshot(cluster, blueprint.ok()));
    let after = renewed.as_ref().unwrap_or(&snapshot);
    if outcome.is_news() || after.references != snapshot.references {
        // What was answered is decided on before anything is reported.
        return Ok(Next { at_rest: false, again: Some(Duration::ZERO) });
    }
    let mut next = Next { at_rest: false, again: plan.again };
    if !plan.undecided || !outcome.failed.is_empty() {
        context.tell(&snapshot.cluster, status::problem(&plan, &outcome.failed));
        if !is_passing(&plan, &outcome.failed, context.records.attempts(cluster.uid())) {
            let status = status::report(blueprint.ok(), &plan, &outcome.failed, after);
            let unready = if status.is_ready() { Vec::new() } else { status::unready(blueprint.ok(), after) };
            context.pods.ask(&after.cluster, after.generation, unready, status.is_failing());
            next.at_rest = plan.is_done() && status.is_ready();
            // No watch tells of a write that changed nothing, nor of what its answer told already: something may have been kept from being written
            // or pruned by what was known before.
            let left = renewed.as_ref().filter(|_| outcome.failed.is_empty());
            let left = left.map(|after| decide(blueprint, after).actions).filter(|left| *left != plan.actions);
            let at_once = left.filter(|left| !left.is_empty()).map(|_| Duration::ZERO);
            let wait = context.report(cluster, blueprint.ok(), after, status).await?;
            next.again = next.again.into_iter().chain(wait).chain(at_once).min();
        }
    }
    if let [first, ..] = &outcome.failed[..] {
        let messages: Vec<&str> = outcome.failed.iter().map(|failed| failed.message.as_str()).collect();
        return Err(Transient { cluster: place(cluster), message: messages.join("; "), again: first.again });
    }
    context.records.succeeded(cluster.uid());
    Ok(next)
}

fn decide(blueprint: Result<&Blueprint, &Vec<Invalid>>, snapshot: &Snapshot) -> Plan {
    plan(blueprint.map_err(Vec::as_slice), snapshot)
}

/// Whether what failed isn't worth a word yet.
fn is_passing(plan: &Plan, failed: &[Failed], attempts: usize) -> bool {
    let problem = status::problem(plan, failed);
    !failed.is_empty() && attempts < SAY_AFTER && problem.is_some_and(|problem| problem.reason == Reason::Retrying)
}

/// Tries again later: longer after each failure in a row, and not before the API server wants it.
pub fn retry(cluster: &Tracked, error: &Transient, context: &Context) -> Duration {
    let wait = context.records.backoff(cluster.uid()).max(error.again.unwrap_or_default());
    tracing::warn!(%error, again_in = ?wait, "failed");
    wait
}

/// Namespace and name, for messages.
pub fn place(cluster: &Tracked) -> String {
    let (namespace, name) = cluster.place();
    format!("{namespace}/{name}")
}
