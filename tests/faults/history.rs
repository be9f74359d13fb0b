//! One history, from an empty namespace to an empty namespace.

use std::{
    collections::{BTreeMap, BTreeSet},
    sync::Arc,
    time::Duration,
};

use k8s_openapi::api::apps::v1::{Deployment, StatefulSet};
use kube::{
    Api, Client, Resource, ResourceExt,
    api::{DeleteParams, DynamicObject, ListParams, Patch, PatchParams, PostParams},
    core::NamespaceResourceScope,
};
use operator_core::model::kind;
use operator_testbed::Testbed;
use serde_json::json;
use tokio::time::{Instant, sleep, timeout};

use crate::{
    checks::{self, Rest},
    kinds::Data,
    numbers::Numbers,
    operator::Running,
    specs::{Scale, Spec},
    story::{Drift, Pause, Step, Story, to_json},
    wire::{Fault, Wire},
    witness::Witness,
};

/// Name of the cluster in each namespace.
pub const CLUSTER: &str = "a";
/// How long a cluster may take to come to rest once nothing goes wrong any more: the operator waits up to a minute after many failures, and the
/// machine may be busy.
const PATIENCE: Duration = Duration::from_secs(600);
/// How long a whole history may take, however often it waits.
const LONGEST: Duration = Duration::from_secs(2700);
/// How long a step waits for the cluster to be ready while things go wrong.
const READY_WITHIN: Duration = Duration::from_secs(15);
/// After so long without a request, the operator seems to be done.
const IDLE: Duration = Duration::from_millis(1200);
/// How much later than an operator the witness may see what happens.
const LATE_BY: Duration = Duration::from_secs(10);

/// What all histories share.
pub struct Stage {
    pub testbed: &'static Testbed,
    /// Of the user, and of who looks.
    pub admin: Client,
    /// Of the operators.
    pub operator: Client,
    pub witness: Arc<Witness>,
    /// How long nothing may be asked in the end.
    pub quiet: Duration,
}

/// What came of a history.
pub struct Report {
    pub seed: u64,
    pub injected: BTreeMap<Fault, u64>,
    pub by_kubernetes: ByKubernetes,
    /// How often the lease went from one operator to another.
    pub takeovers: u64,
    pub violations: Vec<String>,
    /// What was done and what went wrong, for people.
    pub told: Vec<String>,
}

/// What Kubernetes did by itself.
#[derive(Clone, Copy, Default)]
pub struct ByKubernetes {
    /// How often workloads at rest said something else of their pods.
    pub moved: u64,
    /// Pods that were restarted though nothing of them changed.
    pub restarted: u64,
    /// StatefulSets that its controller had forgotten.
    pub forgotten: u64,
}

/// A history under way.
pub struct History<'a> {
    pub stage: &'a Stage,
    pub seed: u64,
    pub namespace: String,
    pub wire: Wire,
    pub story: Story,
    /// All specs that the cluster had since it was made.
    pub specs: Vec<Spec>,
    pub numbers: Numbers,
    /// Nodes of which someone deleted what their pods hang on.
    pub harmed: BTreeSet<String>,
    /// The Secret with a generated value that someone deleted.
    lost_secret: Option<DynamicObject>,
    /// Whether the cluster was ever deleted.
    pub recreated: bool,
    /// Whether someone removed the status.
    pub wiped: bool,
    /// UID and generation of the cluster as it was last applied.
    pub newest: (String, i64),
    /// How often Kubernetes changed what workloads at rest say of their pods.
    moved: u64,
    /// Pods that Kubernetes restarted though nothing of them changed: name, and how many of the name were seen before.
    pub restarted: BTreeSet<(String, usize)>,
    /// How many StatefulSets their controller had forgotten.
    forgotten: u64,
    /// Whether all that was done so far is carried out.
    settled: bool,
    sizes: BTreeMap<&'static str, u8>,
    running: Running,
}

/// Plays the history of a seed.
pub async fn play(stage: &Stage, seed: u64) -> Report {
    let mut history = match History::new(stage, seed).await {
        Ok(history) => history,
        Err(error) => return Report::failed(seed, error.to_string()),
    };
    history.running = Running::start(&history.wire, &history.namespace, history.story.share_lease);
    history.tell(&format!("namespace {}", history.namespace));
    let Story { share_lease, deaths, last_death, .. } = &history.story;
    history.tell(&format!("two operators: {share_lease}; deaths: {deaths:?}, then {last_death:?}"));
    let mut violations = match timeout(LONGEST, history.run()).await {
        Ok(run) => run.err().unwrap_or_default(),
        Err(_) => vec![format!("it didn't come to its end within {} minutes", LONGEST.as_secs() / 60)],
    };
    let (wire, namespace) = (history.wire.clone(), history.namespace.clone());
    let (moved, restarted, forgotten) = (history.moved, history.restarted.len() as u64, history.forgotten);
    let by_kubernetes = ByKubernetes { moved, restarted, forgotten };
    violations.extend(history.running.end().await.err());
    violations.extend(wire.unheld());
    let (injected, told, takeovers) = (wire.injected(), wire.log(), wire.takeovers());
    stage.witness.forget(&namespace);
    Report { seed, injected, by_kubernetes, takeovers, violations, told }
}

impl Report {
    /// Of a history that couldn't be played.
    pub fn failed(seed: u64, why: String) -> Self {
        Self {
            seed,
            injected: BTreeMap::new(),
            by_kubernetes: ByKubernetes::default(),
            takeovers: 0,
            violations: vec![why],
            told: Vec::new(),
        }
    }
}

type Checked = Result<(), Vec<String>>;

fn failed(error: impl ToString) -> Vec<String> {
    vec![error.to_string()]
}

impl<'a> History<'a> {
    /// In a fresh namespace, without an operator.
    async fn new(stage: &'a Stage, seed: u64) -> Result<Self, operator_testbed::Error> {
        let namespace = stage.testbed.namespace("faults").await?.name().to_owned();
        stage.witness.expect(&namespace);
        Ok(History {
            stage,
            seed,
            running: Running::default(),
            wire: Wire::new(seed, stage.operator.clone(), &namespace),
            namespace,
            specs: Vec::new(),
            numbers: Numbers::default(),
            harmed: BTreeSet::new(),
            lost_secret: None,
            recreated: false,
            wiped: false,
            newest: (String::new(), 0),
            moved: 0,
            restarted: BTreeSet::new(),
            forgotten: 0,
            settled: false,
            sizes: BTreeMap::new(),
            story: Story::of(seed),
        })
    }

    /// Of a cluster whose operator is a process of its own.
    pub async fn without_operator(stage: &'a Stage, seed: u64) -> Result<Self, operator_testbed::Error> {
        let mut history = Self::new(stage, seed).await?;
        history.story.last_death = None;
        Ok(history)
    }

    async fn run(&mut self) -> Checked {
        if self.story.calm_begin {
            self.edit(&self.story.first.clone()).await?;
            self.ready(PATIENCE).await?;
        }
        self.wire.disturb(true);
        self.wire.kill(&self.story.deaths);
        if !self.story.calm_begin {
            self.edit(&self.story.first.clone()).await?;
        }
        for (step, pause) in self.story.steps.clone() {
            self.tell(&format!("step: {step:?}, then {pause:?}"));
            self.take(step).await?;
            match pause {
                Pause::Milliseconds(time) => sleep(Duration::from_millis(time)).await,
                Pause::UntilReady => self.ready(READY_WITHIN).await?,
            }
        }
        self.ends_well().await?;
        self.goes_away().await
    }

    /// Nothing goes wrong any more: the cluster comes to what an undisturbed one is, and is quiet.
    async fn ends_well(&mut self) -> Checked {
        self.tell("nothing goes wrong any more");
        self.wire.disturb(false);
        self.wire.all_arrived().await;
        if self.wire.injected().contains_key(&Fault::TooLarge) {
            // What was refused for good is tried again after five minutes, or by an operator that starts.
            self.running.kill_all().await;
        }
        self.restore_secret().await?;
        loop {
            let rest = match checks::comes_to_rest(self, PATIENCE / 2, IDLE).await {
                Err(_) => {
                    self.forgotten += checks::remind(self).await?;
                    checks::comes_to_rest(self, PATIENCE / 2, IDLE).await?
                }
                rest => rest?,
            };
            let quiet_until = Instant::now() + self.stage.quiet;
            checks::is_as_undisturbed(self).await?;
            checks::nothing_was_lost(self).await?;
            tokio::time::sleep_until(quiet_until).await;
            let asked = self.wire.since(rest.requests);
            if asked.is_empty() {
                return Ok(());
            }
            if asked.iter().any(|asked| asked.changes) {
                return Err(vec![format!("writes of a cluster that was at rest: {asked:?}")]);
            }
            if asked.iter().any(|asked| asked.begins) {
                self.tell("an operator that has just started, taken the lease, or lost a watch, looked and told");
            } else if self.is_moved(rest).await {
                self.moved += 1;
                self.tell("what a workload at rest says of its pods was changed by Kubernetes");
            } else {
                return Err(vec![format!("requests of a cluster that was at rest: {asked:?}")]);
            }
        }
    }

    /// What a Secret with a generated value held is in the data system: the operator waits until someone puts it back from a backup. Where someone
    /// has removed the status, too, nobody knows any more that it was the cluster's, unless it says so itself.
    async fn restore_secret(&mut self) -> Checked {
        let Some(lost) = self.lost_secret.take().filter(|_| self.spec().query.is_some()) else { return Ok(()) };
        let (api, name) = (checks::api(self, &(&kind::SECRET).into()), lost.name_any());
        let mut object = json!({
            "apiVersion": "v1", "kind": "Secret", "metadata": { "name": name }, "data": lost.data["data"],
        });
        if self.wiped && lost.owner_references().iter().any(|owner| owner.uid == self.newest.0) {
            object["metadata"]["labels"] = json!(lost.labels());
            object["metadata"]["ownerReferences"] = json!(lost.owner_references());
        }
        let object: DynamicObject = serde_json::from_value(object).map_err(failed)?;
        match api.create(&PostParams::default(), &object).await {
            // The cluster was made anew, or its node: so was the Secret.
            Err(kube::Error::Api(status)) if status.code == 409 => Ok(()),
            restored => restored.map(|_| self.tell("someone puts the Secret back")).map_err(failed),
        }
    }

    /// Whether what workloads at rest say of their pods was changed. Nobody asked for that: the StatefulSet controller rolls pods again where its
    /// view of them is older than its view of the set.
    async fn is_moved(&self, rest: Rest) -> bool {
        self.stage.witness.until(&self.namespace, LATE_BY, |seen| seen.changes() > rest.changes).await
    }

    /// What doesn't change any more once the cluster is at rest.
    pub fn rest(&self) -> Rest {
        Rest { requests: self.wire.requests(), changes: self.stage.witness.seen(&self.namespace).changes() }
    }

    /// The cluster comes to what an undisturbed one is.
    pub async fn stays_well(&mut self) -> Checked {
        checks::comes_to_rest(self, PATIENCE, IDLE).await?;
        checks::is_as_undisturbed(self).await?;
        checks::nothing_was_lost(self).await
    }

    /// The cluster is deleted, and all of it goes, but what is to stay.
    pub async fn goes_away(&mut self) -> Checked {
        self.tell("the cluster is deleted");
        if let Some(death) = self.story.last_death {
            self.wire.disturb(true);
            self.wire.kill(&[death]);
        }
        self.api::<Data>().delete(CLUSTER, &DeleteParams::default()).await.map_err(failed)?;
        sleep(Duration::from_millis(200)).await;
        self.wire.disturb(false);
        self.wire.all_arrived().await;
        checks::is_gone(self, PATIENCE).await
    }

    /// Waits until the newest spec is carried out, as the status says; while things go wrong, not for ever.
    async fn ready(&mut self, within: Duration) -> Checked {
        let is_ready = self.stage.witness.until(&self.namespace, within, |seen| seen.is_ready(&self.newest)).await;
        if !is_ready && within == PATIENCE {
            return Err(vec!["not ready though nothing goes wrong".to_owned()]);
        }
        self.settled = is_ready && !self.wire.is_late();
        if is_ready {
            self.wire.may_refuse();
        }
        self.note_numbers().await
    }

    pub async fn take(&mut self, step: Step) -> Checked {
        match step {
            Step::Edit(edit) => {
                let spec = edit.apply(self.spec());
                self.edit(&spec).await
            }
            Step::Scale(at, replicas) => self.scale(at, replicas.into()).await,
            Step::Drift(drift, at) => self.drift(drift, at).await,
            Step::Delete(at) => self.delete(at).await,
            Step::Wipe => {
                let wiped = Patch::Merge(json!({ "status": null }));
                self.api::<Data>().patch_status(CLUSTER, &PatchParams::default(), &wiped).await.map_err(failed)?;
                self.wiped = true;
                // Of a node whose workload is being replaced, nobody knows any more how many pods it had.
                self.numbers.begin_anew();
                Ok(())
            }
            Step::Recreate => self.recreate().await,
            Step::Kill => {
                self.running.kill().await;
                Ok(())
            }
            Step::Restart => {
                self.running.restart().await;
                Ok(())
            }
        }
    }

    /// The newest spec.
    pub fn spec(&self) -> &Spec {
        self.specs.last().unwrap_or(&self.story.first)
    }

    pub async fn edit(&mut self, spec: &Spec) -> Checked {
        let spec = spec.clone().grown_from(&mut self.sizes);
        self.tell(&format!("spec: {}", to_json(&spec, &self.story.retention)));
        self.numbers.edit(&spec);
        let object = json!({
            "apiVersion": Data::api_version(&()), "kind": Data::kind(&()), "metadata": { "name": CLUSTER },
            "spec": to_json(&spec, &self.story.retention),
        });
        let params = PatchParams::apply("user").force();
        let applied = self.api::<Data>().patch(CLUSTER, &params, &Patch::Apply(object)).await.map_err(failed)?;
        self.newest = (applied.uid().unwrap_or_default(), applied.metadata.generation.unwrap_or_default());
        self.specs.push(spec);
        self.settled = false;
        Ok(())
    }

    /// Notes the numbers of pods that there are, where all that was done is carried out.
    async fn note_numbers(&mut self) -> Checked {
        if self.settled {
            let live = self.live_numbers().await?;
            self.numbers.caught_up(&live).map_err(failed)?;
        }
        Ok(())
    }

    /// The numbers of pods that workloads ask for, by node.
    pub async fn live_numbers(&self) -> Result<BTreeMap<String, i64>, Vec<String>> {
        let sets = self.api::<StatefulSet>().list(&ListParams::default()).await.map_err(failed)?;
        let deployments = self.api::<Deployment>().list(&ListParams::default()).await.map_err(failed)?;
        let sets = sets.iter().map(|set| (set.name_any(), set.spec.as_ref().and_then(|spec| spec.replicas)));
        let deployments =
            deployments.iter().map(|set| (set.name_any(), set.spec.as_ref().and_then(|spec| spec.replicas)));
        let all = sets.chain(deployments).map(|(name, replicas)| (node_of(&name), replicas.unwrap_or_default().into()));
        Ok(all.collect())
    }

    async fn scale(&mut self, at: usize, replicas: i64) -> Checked {
        let nodes = self.spec().nodes();
        let free = nodes
            .iter()
            .filter(|(name, node)| *name != "agent" && matches!(node.scale, Scale::Initial | Scale::Autoscaled));
        let free: Vec<String> = free.map(|(name, _)| name.clone()).collect();
        let Some(node) = free.get(at % free.len().max(1)) else { return Ok(()) };
        let name = format!("{CLUSTER}-{node}");
        let body = Patch::Merge(json!({ "spec": { "replicas": replicas } }));
        let params = PatchParams { field_manager: Some("autoscaler".to_owned()), ..PatchParams::default() };
        let scaled = match node.as_str() {
            "query" => self.api::<Deployment>().patch_scale(&name, &params, &body).await,
            _ => self.api::<StatefulSet>().patch_scale(&name, &params, &body).await,
        };
        if scaled.is_ok() {
            self.tell(&format!("{node} is scaled to {replicas}"));
            self.numbers.scale(node, replicas, self.settled);
        }
        Ok(())
    }

    async fn drift(&mut self, drift: Drift, at: usize) -> Checked {
        let Some((api, child)) = self.child(at).await? else { return Ok(()) };
        let kind = child.types.as_ref().map(|types| types.kind.clone()).unwrap_or_default();
        let metadata = match drift {
            Drift::Relabel => {
                // One that it has: what others add is theirs.
                let label = ["component", "name"].map(|label| format!("app.kubernetes.io/{label}"));
                let label = label.into_iter().find(|label| child.labels().contains_key(label)).unwrap_or_default();
                json!({ "labels": { label: "other" } })
            }
            Drift::Unmark => json!({ "annotations": { "simulation.example.com/intent": null } }),
            Drift::Spec => json!({}),
        };
        let spec = match (drift, kind.as_str()) {
            // Only what the operator sets: what others add is theirs.
            (Drift::Spec, "Service") => json!({ "selector": { "app.kubernetes.io/component": "other" } }),
            (Drift::Spec, "PodDisruptionBudget") => json!({ "maxUnavailable": 3 }),
            (Drift::Spec, "HorizontalPodAutoscaler") => json!({ "maxReplicas": 7 }),
            _ => json!({}),
        };
        let mut patch = json!({ "metadata": metadata });
        if spec != json!({}) {
            patch["spec"] = spec;
        }
        self.tell(&format!("{kind} {} is changed by someone: {patch}", child.name_any()));
        // It may be gone by now.
        let _ = api.patch(&child.name_any(), &PatchParams::default(), &Patch::Merge(patch)).await;
        Ok(())
    }

    async fn delete(&mut self, at: usize) -> Checked {
        let Some((api, child)) = self.child(at).await? else { return Ok(()) };
        let kind = child.types.as_ref().map(|types| types.kind.clone()).unwrap_or_default();
        let node = child.labels().get("simulation.example.com/node").cloned().unwrap_or_default();
        self.tell(&format!("{kind} {} is deleted by someone", child.name_any()));
        if ["StatefulSet", "Deployment", "DaemonSet", "Secret", "Job"].contains(&kind.as_str()) {
            self.numbers.lost(&node);
            self.harmed.insert(node);
        }
        if kind == "Secret" && child.data.get("data").is_some_and(|data| !data.is_null()) {
            self.lost_secret = Some(child.clone());
        }
        let _ = api.delete(&child.name_any(), &DeleteParams::background()).await;
        Ok(())
    }

    async fn recreate(&mut self) -> Checked {
        let clusters = self.api::<Data>();
        clusters.delete(CLUSTER, &DeleteParams::default()).await.map_err(failed)?;
        self.recreated = true;
        // It is held while a workload of it is replaced.
        let is_gone = self.stage.witness.until(&self.namespace, PATIENCE, |seen| seen.cluster.is_none()).await;
        if !is_gone {
            return Err(vec!["the cluster doesn't go though it was deleted".to_owned()]);
        }
        self.numbers.begin_anew();
        let spec = self.spec().clone();
        self.edit(&spec).await
    }

    /// One of the cluster's objects.
    async fn child(&self, at: usize) -> Result<Option<(Api<DynamicObject>, DynamicObject)>, Vec<String>> {
        let mut children = self.children().await?;
        let count = children.len().max(1);
        Ok((at % count < children.len()).then(|| children.swap_remove(at % count)))
    }

    /// The objects that bear the operator's label, pods and claims aside, in the order of kinds and names.
    pub async fn children(&self) -> Result<Vec<(Api<DynamicObject>, DynamicObject)>, Vec<String>> {
        let mut children = Vec::new();
        for kind in checks::KINDS {
            let api = checks::api(self, &kind.into());
            let labels = ListParams::default().labels(&checks::selector(kind));
            let mut objects = api.list(&labels).await.map_err(failed)?.items;
            objects.sort_by_key(ResourceExt::name_any);
            for mut object in objects {
                object.types =
                    Some(kube::core::TypeMeta { api_version: kind.api_version(), kind: kind.kind.to_string() });
                children.push((api.clone(), object));
            }
        }
        Ok(children)
    }

    /// Objects of a kind in this namespace.
    pub fn api<K: Resource<Scope = NamespaceResourceScope, DynamicType = ()>>(&self) -> Api<K> {
        Api::namespaced(self.stage.admin.clone(), &self.namespace)
    }

    pub fn tell(&self, what: &str) {
        self.wire.tell(what);
    }
}

/// The node of a workload.
pub fn node_of(workload: &str) -> String {
    workload.trim_start_matches(CLUSTER).trim_start_matches('-').to_owned()
}
