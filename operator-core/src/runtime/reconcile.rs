//! One cluster: render, snapshot, plan, record, execute, report.

use std::time::Duration;

use super::{
    clusters::Clusters,
    context::{Context, STATUS_EVERY},
    record::Rendered,
    tracked::Tracked,
};
use crate::{
    apply::Failure,
    plan::Plan,
    state::fact::Failed,
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

impl Transient {
    /// Of a request about `what`.
    pub fn of(cluster: &Tracked, what: &str, failure: Failure) -> Self {
        let message = format!("{what}: {}", failure.message);
        Self { cluster: place(cluster), message, again: failure.again }
    }
}

/// Brings one cluster a step nearer to its spec, or several where there is something to do at once after each, but at most so many. Returns when
/// to look again though nothing changes.
pub async fn reconcile(
    cluster: &Tracked,
    context: &Context,
    clusters: &Clusters,
    steps: usize,
) -> Result<Option<Duration>, Transient> {
    let uid = cluster.uid();
    let result = if cluster.deleting { leave(cluster, context).await } else { work(cluster, context, steps).await };
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

impl Next {
    /// Another step.
    fn step(again: Duration) -> Result<Self, Transient> {
        Ok(Self { at_rest: false, again: Some(again) })
    }
}

async fn work(cluster: &Tracked, context: &Context, steps: usize) -> Result<Next, Transient> {
    let rendered = context.render(cluster).await?;
    let mut result = step(cluster, context, &rendered).await;
    for _ in 1..steps {
        if !matches!(result, Ok(Next { again: Some(Duration::ZERO), .. })) {
            break;
        }
        result = step(cluster, context, &rendered).await;
    }
    if result.as_ref().is_ok_and(|next| next.at_rest) {
        context.records.rest(cluster.uid());
    } else {
        context.records.keep(cluster, rendered);
    }
    result
}

async fn leave(cluster: &Tracked, context: &Context) -> Result<Next, Transient> {
    context.pods.forget(cluster.uid());
    step(cluster, context, &Rendered::nothing()).await
}

async fn step(cluster: &Tracked, context: &Context, rendered: &Rendered) -> Result<Next, Transient> {
    let snapshot = context.snapshot(cluster, rendered);
    let mut plan = rendered.plan(None, &snapshot);
    let mut accepted = None;
    // Of a spec that is invalid, it is rendered, too.
    if plan.wants_accepted && (cluster.deleting || rendered.newest.is_ok()) {
        accepted = context.accepted(cluster).await?;
        plan = rendered.plan(accepted.as_ref(), &snapshot);
    }
    context.dump(&snapshot, &plan);
    if let (true, Some(wanted)) = (plan.probe, rendered.wanted()) {
        context.probes.ask(&snapshot.cluster, &wanted.externals);
    }
    if !context.prepare(cluster, rendered.newest(), &snapshot, &plan).await? {
        return Next::step(STATUS_EVERY);
    }
    let outcome = context.execute(&plan, &snapshot).await;
    let renewed = (!plan.actions.is_empty()).then(|| context.snapshot(cluster, rendered));
    let after = renewed.as_ref().unwrap_or(&snapshot);
    if outcome.is_news() || after.references != snapshot.references {
        // What was answered is decided on before anything is reported.
        return Next::step(Duration::ZERO);
    }
    if cluster.deleting && !plan.gates.is_empty() {
        context.tell(&snapshot.cluster, status::problem(&plan, &outcome.failed));
    }
    let mut next = Next { at_rest: false, again: plan.again };
    if !cluster.deleting && (!plan.undecided || !outcome.failed.is_empty()) {
        context.tell(&snapshot.cluster, status::problem(&plan, &outcome.failed));
        if !is_passing(&plan, &outcome.failed, context.records.attempts(cluster.uid())) {
            let status = status::report(rendered.newest(), &plan, &outcome.failed, after);
            next.at_rest = plan.is_done() && status.is_ready();
            // No watch tells of a write that changed nothing, nor of what its answer told already: something may have been kept from being written
            // or pruned by what was known before.
            let left = renewed.as_ref().filter(|_| outcome.failed.is_empty());
            let left =
                left.map(|after| rendered.plan(accepted.as_ref(), after).actions).filter(|left| *left != plan.actions);
            let wait = context.report(cluster, rendered.newest(), after, status).await?;
            // Where the cluster was changed meanwhile, the watch shows it first.
            let at_once = left.filter(|left| !left.is_empty() && wait.is_none()).map(|_| Duration::ZERO);
            next.again = next.again.into_iter().chain(wait).chain(at_once).min();
        }
    }
    if let [first, ..] = &outcome.failed[..] {
        let messages: Vec<&str> = outcome.failed.iter().map(|failed| failed.message.as_str()).collect();
        return Err(Transient { cluster: place(cluster), message: messages.join("; "), again: first.again });
    }
    context.records.succeeded(cluster.uid());
    if plan.hold == Some(false) {
        context.hold(cluster, false).await?;
    }
    Ok(next)
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
