//! What every reconcile of a kind shares, and the snapshot that is taken from it.

use std::{
    collections::{BTreeMap, BTreeSet},
    path::PathBuf,
    sync::Arc,
    time::Duration,
};

use parking_lot::Mutex;
use serde_json::{Value, json};

use super::{
    Author,
    events::Recorder,
    pods::Pods,
    probes::Probes,
    reconcile::{Transient, place},
    record::{Records, Rendered},
    references::References,
    threads::{Overrun, Threads, here},
    tracked::{ClusterKind, Tracked},
    watches::WatchRegistry,
};
use crate::{
    apply::{Outcome, Writer},
    model::{
        ClusterStatus, Content, Identity, Invalid, Kind, Reference,
        kind::{REVISION, SECRET},
    },
    plan::Plan,
    render::{
        self, Blueprint,
        names::{Names, finalizer, hash_key},
    },
    state::{Availability, Child, Probe, Snapshot, keyed},
    status::{self, Problem, Reason},
};

/// The shortest time between two writes of a status that differ in nothing but counts.
pub const STATUS_EVERY: Duration = Duration::from_secs(1);

/// How long the functions of an author may take over a spec.
const RENDERED: Duration = Duration::from_secs(5);

/// What every reconcile shares.
pub struct Context {
    pub author: Author,
    pub watches: Arc<WatchRegistry>,
    pub references: Arc<References>,
    pub probes: Arc<Probes>,
    pub pods: Arc<Pods>,
    pub writer: Writer,
    pub events: Recorder,
    pub records: Records,
    /// For the author's functions; none: they are called as part of the reconcile.
    pub threads: Option<Threads>,
    /// Another process that writes, too, as last said.
    pub other: Mutex<Option<String>>,
    /// Folder into which snapshots and plans are written.
    pub dump: Option<PathBuf>,
}

impl Context {
    /// A cluster is gone: nothing of it is kept.
    pub fn forget(&self, uid: &str) {
        self.records.forget(uid);
        self.watches.forget(uid);
        self.references.forget(uid);
        self.probes.forget(uid);
        self.pods.forget(uid);
    }

    /// What a cluster's spec comes to.
    pub async fn render(&self, cluster: &Tracked) -> Result<Rendered, Transient> {
        if let Some(kept) = self.records.rendered(cluster) {
            return Ok(kept);
        }
        let newest = self.render_spec(cluster, cluster.uid(), cluster.spec()).await?;
        let accepted = if newest.is_err() { self.accepted(cluster).await? } else { None };
        Ok(Rendered { newest, accepted })
    }

    /// The blueprint of a spec, or what is wrong with it. An author's function that panics or doesn't end is a matter of this one cluster.
    async fn render_spec(
        &self,
        cluster: &Tracked,
        key: &str,
        spec: Result<Value, Invalid>,
    ) -> Result<Result<Blueprint, Vec<Invalid>>, Transient> {
        let (author, identity) = (self.author, cluster.identity());
        let (namespace, _) = cluster.place();
        let render = move || render(author, &identity, spec);
        let rendered = match &self.threads {
            Some(threads) => threads.run(&namespace, key, RENDERED, render).await,
            None => here(render),
        };
        let invalid = |what: String| Ok(Err(vec![Invalid::new("", format!("a function of the operator {what}"))]));
        match rendered {
            Ok(rendered) => Ok(rendered),
            Err(Overrun::Panicked) => invalid("panicked over this spec; see its log".to_owned()),
            Err(Overrun::Late) => invalid(format!("doesn't end within {} s over this spec", RENDERED.as_secs())),
            Err(Overrun::NoTurn) => {
                let message =
                    "functions of the operator haven't ended over an earlier spec, or over others of this namespace";
                Err(Transient { cluster: place(cluster), message: message.to_owned(), again: None })
            }
            Err(Overrun::NoThread(message)) => Err(Transient { cluster: place(cluster), message, again: None }),
        }
    }

    /// The blueprint of the last spec of which everything was accepted; none where there is none that can be read. It counts as the status
    /// remembers it: anyone may make a ControllerRevision.
    pub async fn accepted(&self, cluster: &Tracked) -> Result<Option<Blueprint>, Transient> {
        let (identity, status) = (cluster.identity(), self.records.status(cluster));
        let recorded = |child: &Child| status.as_ref()?.inventory.mark(&child.kind, &child.name);
        let mut revisions = self.watches.store().children(cluster.uid());
        revisions.retain(|child| child.kind == &REVISION && !child.deleting);
        revisions.retain(|child| recorded(child).is_some_and(|mark| mark.seen == child.seen));
        let Some(revision) = revisions.into_iter().max_by_key(|child| child.version) else { return Ok(None) };
        let read = self.writer.live(&revision.kind, &revision.name, &identity).await;
        let read = read.map_err(|failure| Transient::of(cluster, &revision.name, failure))?;
        let Some(spec) = read.and_then(|mut object| object.get_mut("data").map(Value::take)) else { return Ok(None) };
        let names = Names { cluster: &identity, definition: self.author.definition, customize: self.author.customize };
        if names.revision(&spec) != *revision.name {
            return Ok(None);
        }
        // In its own name: the newest may never have an end.
        self.render_spec(cluster, &revision.uid, Ok(spec)).await.map(Result::ok)
    }

    /// Holds a custom resource by a finalizer, or lets it go, whoever has set it. Where that has changed meanwhile, nothing happens.
    pub async fn hold(&self, cluster: &Tracked, is_held: bool) -> Result<(), Transient> {
        let definition = self.author.definition;
        let ours = finalizer(definition.group);
        let others = cluster.finalizers.iter().filter(|finalizer| **finalizer != ours).cloned();
        let finalizers: Vec<String> = others.chain(is_held.then(|| ours.clone())).collect();
        let (kind, version) = (Kind::from(ClusterKind(definition)), self.records.version(cluster));
        let held = self.writer.hold(&kind, &cluster.identity(), version, &finalizers).await;
        held.map_err(|failure| Transient::of(cluster, "finalizer", failure))
    }

    /// Everything that a plan depends on. From now on, changes of it ask for a reconcile.
    pub fn snapshot(&self, cluster: &Tracked, rendered: &Rendered) -> Snapshot {
        let (identity, blueprint) = (cluster.identity(), rendered.wanted());
        let status = self.records.status(cluster);
        let recorded = status.iter().flat_map(|status| status.inventory.kinds());
        let wanted = blueprint.into_iter().flat_map(Blueprint::kinds);
        // Without a status, nobody knows which of these a cluster had that is held.
        let declared = self.author.customize.filter(|_| cluster.is_held(self.author.definition.group));
        let declared =
            declared.into_iter().flat_map(|it| it.kinds).filter(|kind| !kind.namespaced).map(|kind| Kind::from(*kind));
        let (manager, Identity { uid, namespace, name }) = (self.writer.manager(), &identity);
        let kinds: BTreeSet<Kind> =
            self.watches.store().kinds(uid).into_iter().chain(recorded).chain(wanted).chain(declared).collect();
        self.watches.want(uid, kinds.iter().cloned());
        // Before the children: what is listed in between isn't taken for all there is.
        let kinds: BTreeMap<_, _> =
            kinds.into_iter().map(|kind| (kind.clone(), self.watches.availability(&kind))).collect();
        let children = self.watches.store().cluster(manager, uid, namespace, name);
        let references = blueprint.map(|blueprint| self.contents(&identity, blueprint, &children, &kinds));
        Snapshot {
            time: self.writer.now(),
            generation: cluster.generation,
            deletion: cluster.deletion(),
            held: cluster.is_held(self.author.definition.group),
            adopts: cluster.adopts(self.author.definition.group),
            children,
            status,
            kinds,
            references: references.unwrap_or_default(),
            externals: blueprint
                .map_or(Probe::Unknown, |blueprint| self.probes.known(&identity.uid, &blueprint.externals)),
            troubles: self.pods.troubles(&identity.uid, cluster.generation),
            members: self.pods.members(&identity.uid, cluster.generation),
            facts: self.records.facts(&identity.uid),
            cluster: identity,
        }
    }

    /// What is known of what pods refer to. Secrets that the operator itself writes are children, and watched as such.
    fn contents(
        &self,
        cluster: &Identity,
        blueprint: &Blueprint,
        children: &[Child],
        kinds: &BTreeMap<Kind, Availability>,
    ) -> BTreeMap<Reference, Content> {
        let (own, others): (Vec<_>, Vec<_>) =
            blueprint.references().into_iter().partition(|reference| blueprint.writes(reference));
        let content = |reference: &Reference| {
            let child = children.iter().find(|child| child.kind == &SECRET && *child.name == *reference.name);
            match (child.and_then(|child| child.secret.as_deref()), kinds.get(&Kind::Row(&SECRET))) {
                (Some(data), _) => data.clone().bounded().content(reference.key.as_deref()),
                (None, Some(Availability::Synced | Availability::Missing)) => Content::Missing,
                (None, Some(Availability::Failing(why))) => Content::Unreadable(why.clone()),
                (None, Some(Availability::Pending) | None) => Content::Unknown,
            }
        };
        let own = own.into_iter().map(|reference| (reference.clone(), content(reference)));
        let contents = self.references.set(cluster, &others).into_iter().chain(own).collect();
        keyed(contents, &hash_key(cluster), |reference| blueprint.writes(reference))
    }

    /// Carries out a plan, and takes in what came of it.
    pub async fn execute(&self, plan: &Plan, snapshot: &Snapshot) -> Outcome {
        let ended = self.watches.store().ended();
        let outcome = self.writer.execute(plan, &snapshot.cluster).await;
        outcome.children.iter().for_each(|child| self.watches.store().learn(child.clone(), ended));
        self.learn(snapshot, &outcome);
        outcome
    }

    fn learn(&self, snapshot: &Snapshot, outcome: &Outcome) {
        let identity = &snapshot.cluster;
        outcome.deleted.iter().for_each(|uid| self.watches.store().deleting(uid));
        outcome.doubtful.iter().for_each(|uid| self.watches.store().doubt(uid));
        self.pods.acted(identity, outcome.deleted.iter().chain(&outcome.doubtful));
        self.records.learn(snapshot, outcome);
        for (verb, kind, name) in &outcome.done {
            tracing::debug!(namespace = identity.namespace, cluster = identity.name, ?verb, kind = %kind.kind, name, "done");
        }
        if !outcome.done.is_empty() {
            let (namespace, cluster) = (&identity.namespace, &identity.name);
            tracing::info!(namespace, cluster, writes = outcome.done.len(), "applied");
        }
        self.events.done(identity, &outcome.done);
    }

    /// Says in an event what is wrong, once.
    pub fn tell(&self, cluster: &Identity, problem: Option<Problem>) {
        let is_news = self.records.is_news(&cluster.uid, problem.as_ref());
        if let Some(problem) = problem.filter(|problem| is_news && problem.reason != Reason::Retrying) {
            let (reason, Identity { namespace, name, .. }) = (problem.reason.as_str(), cluster);
            tracing::warn!(namespace, cluster = name, reason, problem = problem.message, "can't get on");
            self.events.problem(cluster, reason, &problem.message);
        }
    }

    /// Writes a status where it changed, and has the pods looked at that aren't ready. A status that differs in nothing but counts is written no
    /// more often than [`STATUS_EVERY`]; returns how long to wait where it is too soon.
    pub async fn report(
        &self,
        cluster: &Tracked,
        blueprint: Option<&Blueprint>,
        snapshot: &Snapshot,
        status: ClusterStatus,
    ) -> Result<Option<Duration>, Transient> {
        let unready = if status.is_ready() { Vec::new() } else { status::unready(blueprint, snapshot) };
        self.pods.ask(&snapshot.cluster, snapshot.generation, unready, status.is_failing());
        if let Some(since) = self.records.since_written(cluster.uid())
            && since < STATUS_EVERY
            && snapshot.status.as_ref().is_some_and(|before| is_same_but_for_counts(before, &status))
        {
            return Ok((snapshot.status.as_ref() != Some(&status)).then(|| STATUS_EVERY - since));
        }
        let is_written = self.write_status(cluster, blueprint, snapshot, status).await?;
        // Not every change of a cluster asks for a reconcile.
        Ok((!is_written).then_some(STATUS_EVERY))
    }

    /// Sees to it that a plan can be carried out by whoever comes after this process: the custom resource is held, the status has what can't be
    /// found out again, and what is destroyed isn't destroyed for an older spec. Returns whether the cluster is as the plan takes it to be.
    pub async fn prepare(
        &self,
        cluster: &Tracked,
        blueprint: Option<&Blueprint>,
        snapshot: &Snapshot,
        plan: &Plan,
    ) -> Result<bool, Transient> {
        if plan.hold == Some(true) {
            match self.hold(cluster, true).await {
                Ok(()) => return Ok(false),
                // A replacement itself doesn't need it.
                Err(error) if snapshot.cluster_scoped().next().is_none() => tracing::warn!(%error, "not held"),
                Err(error) => {
                    let message =
                        format!("it has cluster-scoped objects, and can't get the finalizer for them: {error}");
                    self.tell(&snapshot.cluster, Some(Problem { reason: Reason::Refused, message }));
                    return Err(error);
                }
            }
        }
        let Some(blueprint) = blueprint else { return Ok(true) };
        if plan.must_record() {
            let status = status::record(blueprint, plan, snapshot);
            if status::patch(snapshot.status.as_ref(), &status).is_some() {
                return self.write_status(cluster, Some(blueprint), snapshot, status).await;
            }
        }
        // A change of nothing: the API server refuses it where the cluster has a newer version.
        Ok(!plan.destroys() || self.patch_status(cluster, json!({})).await?.is_some())
    }

    /// Writes the part of a status that changed. Returns whether it stands there: not where the cluster was changed meanwhile, or is gone.
    async fn write_status(
        &self,
        cluster: &Tracked,
        blueprint: Option<&Blueprint>,
        snapshot: &Snapshot,
        mut status: ClusterStatus,
    ) -> Result<bool, Transient> {
        if snapshot.status.as_ref() == Some(&status) {
            return Ok(true);
        }
        self.writer.instance().clone_into(&mut status.operator);
        let Some(changed) = status::patch(snapshot.status.as_ref(), &status) else { return Ok(true) };
        self.records.sending(cluster, &status);
        let Some(version) = self.patch_status(cluster, json!({ "status": changed })).await? else { return Ok(false) };
        let wanted = blueprint.map(|blueprint| blueprint.with(&snapshot.references)).unwrap_or_default();
        let is_wanted =
            |kind: &Kind, name: &str| wanted.iter().any(|object| object.kind == *kind && object.name == name);
        self.records.written(cluster, status, version, is_wanted);
        Ok(true)
    }

    /// The version that the cluster gets by a change of its status; `None` where it isn't at the version that is known any more.
    async fn patch_status(&self, cluster: &Tracked, patch: Value) -> Result<Option<u64>, Transient> {
        let kind = Kind::from(ClusterKind(self.author.definition));
        let version = self.records.version(cluster);
        let written = self.writer.status(&kind, &cluster.identity(), version, patch).await;
        let version = written.map_err(|failure| Transient::of(cluster, "status", failure))?;
        if version.is_none() {
            self.records.doubt(cluster.uid());
        }
        Ok(version)
    }

    /// Says so where another process writes the status of a cluster whose status this one has written before: two operators run that don't share
    /// a lease.
    pub fn look_for_others(&self, cluster: &Tracked) {
        let Some(operator) = cluster.status().map(|status| status.operator) else { return };
        let is_other = !operator.is_empty() && operator != self.writer.instance();
        if is_other
            && self.records.has_written_before(cluster)
            && self.other.lock().replace(operator.clone()) != Some(operator.clone())
        {
            let message = format!(
                "another process of this operator, {operator}, works beside this one, {}: stop one of them, or let both use one Lease (--lease-namespace)",
                self.writer.instance(),
            );
            tracing::error!(cluster = place(cluster), message);
            self.events.problem(&cluster.identity(), "AnotherOperator", &message);
        }
    }

    /// Writes down what was decided on, and what was decided.
    pub fn dump(&self, snapshot: &Snapshot, plan: &Plan) {
        let Some(folder) = self.dump.as_ref().filter(|_| !plan.is_done()) else { return };
        let Identity { namespace, name, .. } = &snapshot.cluster;
        let path = folder.join(format!("{namespace}.{name}.{}.json", snapshot.time.as_millisecond()));
        let text = format!("{:#}\n", json!({ "snapshot": snapshot, "plan": plan }));
        if let Err(error) = std::fs::write(&path, text) {
            tracing::warn!(path = %path.display(), %error, "the snapshot can't be written");
        }
    }
}

/// The blueprint of a spec, or what is wrong with it.
pub fn render(author: Author, cluster: &Identity, spec: Result<Value, Invalid>) -> Result<Blueprint, Vec<Invalid>> {
    let spec = (author.read)(&spec.map_err(|invalid| vec![invalid])?)?;
    render::render(cluster, &spec, author)
}

/// Whether two statuses are about one generation and say the same, numbers of pods aside.
fn is_same_but_for_counts(before: &ClusterStatus, after: &ClusterStatus) -> bool {
    let said = |status: &ClusterStatus| {
        let conditions = status.conditions.iter();
        conditions
            .map(|condition| (condition.type_.clone(), condition.status.clone(), condition.reason.clone()))
            .collect::<Vec<_>>()
    };
    // A Job that is done is remembered before it is cleaned up.
    let is_as_done = before.inventory.done() == after.inventory.done();
    before.observed_generation == after.observed_generation && is_as_done && said(before) == said(after)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::NodeStatus;
    use k8s_openapi::apimachinery::pkg::apis::meta::v1::{Condition, Time};

    fn status(generation: i64, reason: &str, ready: i32) -> ClusterStatus {
        ClusterStatus {
            observed_generation: generation,
            conditions: vec![Condition {
                type_: "Ready".to_owned(),
                status: "False".to_owned(),
                reason: reason.to_owned(),
                message: format!("{ready} pods"),
                last_transition_time: Time(k8s_openapi::jiff::Timestamp::UNIX_EPOCH),
                observed_generation: Some(generation),
            }],
            nodes: vec![NodeStatus { ready, ..NodeStatus::default() }],
            ..ClusterStatus::default()
        }
    }

    #[test]
    fn only_a_status_that_differs_in_counts_waits_for_its_turn() {
        let before = status(1, "Progressing", 0);
        assert!(is_same_but_for_counts(&before, &status(1, "Progressing", 2)));
        assert!(!is_same_but_for_counts(&before, &status(2, "Progressing", 0)), "a new generation is observed at once");
        assert!(!is_same_but_for_counts(&before, &status(1, "Ready", 2)), "a condition is told at once");
    }
}
