//! What has to hold once nothing goes wrong any more.

use std::{collections::BTreeSet, sync::Arc, time::Duration};

use k8s_openapi::{
    api::{
        apps::v1::StatefulSet,
        core::v1::{PersistentVolumeClaim, Pod},
    },
    jiff::{SignedDuration, Timestamp},
};
use kube::{
    Api, Resource, ResourceExt,
    api::{ApiResource, DynamicObject, ListParams, Patch, PatchParams},
};
use operator_core::{
    Cluster,
    model::{Kind, Object, kind},
    plan::{Action, Gate},
    render::names,
};
use operator_testbed::Request;
use serde_json::{Value, json};
use tokio::time::{Instant, sleep};

use crate::{
    history::{CLUSTER, History, node_of},
    kinds::Data,
    looked::Looked,
    witness::{ObjectSeen, Seen, WorkloadSeen},
};

/// The kinds of children that there may be.
pub const KINDS: [&kind::ChildKind; 11] = [
    &kind::CONFIG_MAP,
    &kind::SECRET,
    &kind::SERVICE,
    &kind::NETWORK_POLICY,
    &kind::POD_DISRUPTION_BUDGET,
    &kind::STATEFUL_SET,
    &kind::DEPLOYMENT,
    &kind::DAEMON_SET,
    &kind::JOB,
    &kind::AUTOSCALER,
    &kind::REVISION,
];

/// As the audit log names who deletes pods.
const STATEFUL_SET_CONTROLLER: &str = "statefulset-controller";
const GARBAGE_COLLECTOR: &str = "generic-garbage-collector";
const KWOK: &str = "kwok";

/// How late the garbage collector's view of pods may be. Times of objects have seconds.
const UNSEEN: SignedDuration = SignedDuration::from_secs(5);

/// How late Kubernetes' garbage collector may be with pods whose workload is gone.
const COLLECTED_WITHIN: Duration = Duration::from_secs(120);

type Checked = Result<(), Vec<String>>;

fn failed(error: impl ToString) -> Vec<String> {
    vec![error.to_string()]
}

/// Objects of a kind in a history's namespace.
pub fn api(history: &History<'_>, kind: &Kind) -> Api<DynamicObject> {
    Api::namespaced_with(history.stage.admin.clone(), &history.namespace, &resource(kind))
}

/// How the API names a kind.
pub fn resource(kind: &Kind) -> ApiResource {
    ApiResource {
        group: kind.group.to_string(),
        version: kind.version.to_string(),
        api_version: kind.api_version(),
        kind: kind.kind.to_string(),
        plural: kind.plural.to_string(),
    }
}

/// What selects the operator's objects.
pub fn selector(kind: &kind::ChildKind) -> String {
    format!("{}={}{}", names::MANAGED_BY, names::manager(Data::DEFINITION), kind.not_of_others())
}

/// What doesn't change any more of a cluster at rest.
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct Rest {
    /// Requests of its operators so far.
    pub requests: u64,
    /// How often what its workloads say of their pods changed so far: by Kubernetes, once nothing is asked any more.
    pub changes: u64,
}

/// Touches each StatefulSet that shall have pods and has none, though its controller has observed it, and says how many. Scaled to none and back at
/// once, its controller sometimes does no more: it waits until the claim of the pod that was is gone, and nothing wakes it then.
pub async fn remind(history: &History<'_>) -> Result<u64, Vec<String>> {
    let sets = history.api::<StatefulSet>();
    let mut forgotten = 0;
    for set in sets.list(&ListParams::default()).await.map_err(failed)? {
        let (spec, status) = (set.spec.as_ref(), set.status.as_ref());
        let wanted = spec.and_then(|spec| spec.replicas).unwrap_or_default();
        let is_observed =
            status.is_some_and(|it| it.observed_generation == set.metadata.generation && it.replicas == 0);
        if is_observed && wanted > 0 {
            // And then is as it was.
            for touched in [json!("1"), Value::Null] {
                let touched = json!({ "metadata": { "annotations": { "tests.example.com/touched": touched } } });
                sets.patch(&set.name_any(), &PatchParams::default(), &Patch::Merge(touched)).await.map_err(failed)?;
            }
            history.tell(&format!("StatefulSet {} was forgotten by its controller, and is touched", set.name_any()));
            forgotten += 1;
        }
    }
    Ok(forgotten)
}

/// The cluster is ready, the operator asks for nothing, and one that has just started would do nothing.
pub async fn comes_to_rest(history: &History<'_>, within: Duration, idle: Duration) -> Result<Rest, Vec<String>> {
    let end = Instant::now() + within;
    let witness = &history.stage.witness;
    loop {
        let left = end.saturating_duration_since(Instant::now());
        let is_ready = |seen: &Seen| seen.is_ready(&history.newest) && seen.is_complete();
        if !witness.until(&history.namespace, left, is_ready).await {
            let cluster = history.api::<Data>().get(CLUSTER).await.map_err(failed)?;
            let status = cluster.status().map(|status| (status.observed_generation, &status.conditions, &status.nodes));
            return Err(vec![format!("no rest: generation {:?}: {status:?}", cluster.meta().generation)]);
        }
        match history.wire.idle().checked_sub(idle) {
            None => sleep(idle.saturating_sub(history.wire.idle())).await,
            Some(_) => {
                let before = history.rest();
                let left = left_to_do(history).await?;
                if left.is_none() && history.rest() == before {
                    return Ok(before);
                }
                if Instant::now() > end {
                    let latest = history.wire.since(0);
                    return Err(vec![format!(
                        "no rest, though the cluster is said to be ready: {left:?}; latest requests: {latest:?}"
                    )]);
                }
                sleep(Duration::from_millis(500)).await;
            }
        }
    }
}

/// Whether a kind is watched from the start. Of others, nobody knows what isn't wanted any more once someone has removed the status.
fn starts(kind: &str) -> bool {
    KINDS.iter().any(|row| row.kind == kind && row.presence == kind::Presence::Start)
}

/// What an operator that has just started would do; none: nothing.
async fn left_to_do(history: &History<'_>) -> Result<Option<String>, Vec<String>> {
    let Looked { snapshot, plan, status, .. } = looked(history).await?;
    if snapshot.held {
        return Ok(Some("a finalizer of the operator keeps it".to_owned()));
    }
    // A claim that is being deleted stays as long as a pod uses it; whether it may be deleted is another matter.
    let deleting = snapshot.children.iter().filter(|child| child.deleting && child.kind != &kind::CLAIM);
    let deleting: Vec<_> = deleting.map(|child| &child.name).collect();
    let is_known = |kind: &str| !history.wiped || starts(kind);
    let counts = |action: &&Action| match action {
        Action::Delete { kind, .. } => is_known(&kind.kind),
        _ => true,
    };
    let left: Vec<&Action> = plan.actions.iter().filter(counts).collect();
    if let Some(status) = status.filter(|_| !history.wiped) {
        return Ok(Some(format!("of its status, {status} is about to change")));
    }
    let is_done = left.is_empty() && plan.gates.iter().all(Gate::is_remark) && !plan.returning;
    Ok((!is_done || !deleting.is_empty()).then(|| format!("{left:?} {:?}; deleting: {deleting:?}", plan.gates)))
}

async fn looked(history: &History<'_>) -> Result<Looked, Vec<String>> {
    Looked::at::<Data>(&history.stage.admin, &history.namespace, CLUSTER).await.map_err(|error| vec![error])
}

/// The children are those of an undisturbed installation: by their names, and each as the API server would store it had it just been made.
pub async fn is_as_undisturbed(history: &History<'_>) -> Checked {
    let Looked { snapshot, objects: wanted, .. } = looked(history).await?;
    let there = history.children().await?;
    let mut wrong = Vec::new();
    let name = |kind: &str, name: &str| format!("{kind} {name}");
    let names_there: BTreeSet<String> = there
        .iter()
        .map(|(_, object)| name(object.types.as_ref().map_or("", |types| &types.kind), &object.name_any()))
        .collect();
    // A Job that was done and then cleaned up isn't made again.
    let is_there = |object: &&Arc<Object>| !snapshot.is_done(&object.kind, &object.name);
    let names_wanted: BTreeSet<String> =
        wanted.iter().filter(is_there).map(|object| name(&object.kind.kind, &object.name)).collect();
    let names_allowed: BTreeSet<String> = wanted.iter().map(|object| name(&object.kind.kind, &object.name)).collect();
    wrong.extend(names_wanted.difference(&names_there).map(|name| format!("missing: {name}")));
    let left = names_there.difference(&names_allowed);
    let is_known = |name: &&String| !history.wiped || name.split(' ').next().is_some_and(starts);
    wrong.extend(left.filter(is_known).map(|name| format!("left behind: {name}")));
    for object in &wanted {
        let live = there.iter().find(|(_, live)| {
            live.name_any() == object.name && live.types.as_ref().is_some_and(|types| *types.kind == object.kind.kind)
        });
        if let Some((_, live)) = live {
            let live = serde_json::to_value(live).map_err(failed)?;
            wrong.extend(differences(history, object, live).await?);
        }
    }
    if wrong.is_empty() { Ok(()) } else { Err(wrong) }
}

/// How an object differs from what the API server would store for it.
async fn differences(history: &History<'_>, object: &Object, live: Value) -> Result<Vec<String>, Vec<String>> {
    let api = api(history, &object.kind);
    let mut json = object.json.clone();
    let asked = format!("{}-undisturbed", object.name);
    json["metadata"]["name"] = asked.as_str().into();
    let params = PatchParams::apply("undisturbed").dry_run();
    let stored = api.patch(&asked, &params, &Patch::Apply(json)).await.map_err(failed)?;
    let stored = serde_json::to_value(stored).map_err(failed)?;
    let (mut stored, live) = (normal(object, stored), normal(object, live));
    if !object.generate.is_empty() && stored["data"].is_null() {
        stored["data"] = object.generate.iter().map(|(key, _)| key.clone()).collect();
    }
    let mut wrong = Vec::new();
    compare(&format!("{} {}", object.kind.kind, object.name), &stored, &live, &mut wrong);
    Ok(wrong)
}

/// Without what the API server chooses, and what the history may keep.
fn normal(object: &Object, mut json: Value) -> Value {
    let metadata = json["metadata"].take();
    let mut kept = json!({ "labels": metadata["labels"], "annotations": metadata["annotations"],
        "ownerReferences": metadata["ownerReferences"] });
    if let Some(annotations) = kept["annotations"].as_object_mut() {
        annotations
            .retain(|key, _| !key.starts_with("deployment.kubernetes.io/") && !key.starts_with("deprecated.daemonset"));
    }
    json["metadata"] = kept;
    let Some(fields) = json.as_object_mut() else { return json };
    fields.remove("status");
    // Of a spec that is kept: the generation at which it was accepted.
    fields.remove("revision");
    if !object.generate.is_empty() {
        // It differs each time; that it is there is enough.
        let keys = fields.get("data").and_then(Value::as_object).map(|data| data.keys().cloned().collect::<Vec<_>>());
        fields.insert("data".to_owned(), json!(keys.filter(|keys| !keys.is_empty())));
    }
    if let Some(spec) = fields.get_mut("spec").and_then(Value::as_object_mut) {
        for chosen in ["clusterIP", "clusterIPs"].iter().filter(|_| object.kind == &kind::SERVICE) {
            if spec.get(*chosen).is_some_and(|ip| !ip.to_string().contains("None")) {
                spec.remove(*chosen);
            }
        }
        if matches!(object.scale, operator_core::model::Scale::Initial | operator_core::model::Scale::Autoscaled) {
            spec.remove("replicas");
        }
        if object.kind == &kind::JOB {
            spec.remove("selector");
            if let Some(labels) = spec["template"]["metadata"]["labels"].as_object_mut() {
                labels.retain(|key, _| !key.contains("controller-uid") && !key.contains("job-name"));
            }
        }
    }
    json
}

fn compare(path: &str, stored: &Value, live: &Value, wrong: &mut Vec<String>) {
    match (stored, live) {
        (Value::Object(stored), Value::Object(live)) => {
            for key in stored.keys().chain(live.keys()).collect::<BTreeSet<_>>() {
                let (stored, live) = (stored.get(key).unwrap_or(&Value::Null), live.get(key).unwrap_or(&Value::Null));
                compare(&format!("{path}.{key}"), stored, live, wrong);
            }
        }
        (Value::Array(stored), Value::Array(live)) if stored.len() == live.len() => {
            for (at, (stored, live)) in stored.iter().zip(live).enumerate() {
                compare(&format!("{path}[{at}]"), stored, live, wrong);
            }
        }
        _ if stored == live => {}
        _ => wrong.push(format!("{path}: {live}; undisturbed: {stored}")),
    }
}

/// No claim, no number of pods and no pod was lost on the way.
pub async fn nothing_was_lost(history: &mut History<'_>) -> Checked {
    let mut wrong = Vec::new();
    let live = history.live_numbers().await?;
    wrong.extend(history.numbers.caught_up(&live).err());
    let seen = history.stage.witness.seen(&history.namespace);
    for (name, workload) in &seen.workloads {
        let node = node_of(name);
        for replicas in workload.replicas.iter().filter(|replicas| !history.numbers.may_have_had(&node, **replicas)) {
            let ever = history.numbers.ever(&node);
            wrong.push(format!("{name} asked for {replicas} pods on the way; it may have had {ever:?}"));
        }
    }
    for claim in seen.claims.values().filter(|claim| claim.deleted && !history.may_lose(claim)) {
        wrong.push(format!("the claim {} was deleted", claim.name));
    }
    for (name, workload) in &seen.workloads {
        wrong.extend(history.restarts_for_nothing(name, workload, &seen));
    }
    let end = Instant::now() + COLLECTED_WITHIN;
    let mut orphans = pods_without_workload(history).await?;
    while !orphans.is_empty() && Instant::now() < end {
        sleep(Duration::from_secs(1)).await;
        orphans = pods_without_workload(history).await?;
    }
    wrong.extend(orphans);
    wrong.extend(claims_of_another_size(history).await?);
    if wrong.is_empty() { Ok(()) } else { Err(wrong) }
}

impl History<'_> {
    /// Whether a claim may be deleted: only where the policy says so, and there was a reason.
    fn may_lose(&self, claim: &ObjectSeen) -> bool {
        let store = claim.node.trim_start_matches("store-");
        let Some((when_scaled, when_deleted)) = self.story.retention.get(store) else { return false };
        let is_removed = self.recreated
            || self.harmed.contains(&claim.node)
            || self.specs.iter().any(|spec| !spec.stores.contains_key(store));
        let least = self.numbers.ever(&claim.node).first().copied().unwrap_or_default();
        (*when_deleted && is_removed) || (*when_scaled && ordinal(&claim.name) >= least)
    }

    /// Pods that restarted though nothing of them changed. What Kubernetes does by itself is counted.
    fn restarts_for_nothing(&mut self, name: &str, workload: &WorkloadSeen, seen: &Seen) -> Vec<String> {
        let node = node_of(name);
        let specs: Vec<_> = self.specs.iter().map(|spec| spec.template(&node)).collect();
        if node == "migrate" || self.recreated || self.harmed.contains(&node) || specs.contains(&None) {
            return Vec::new();
        }
        let mut wrong = Vec::new();
        let wanted = specs.chunk_by(PartialEq::eq).count();
        let written = workload.templates.len();
        // One that arrives late puts an old template back, and the next one puts that right.
        let late = 2 * self.wire.late_writes(name);
        if written > wanted + late {
            wrong.push(format!(
                "the pods of {name} were to be others {written} times; the specs wanted that {wanted} times"
            ));
        }
        if !node.starts_with("store-") {
            if workload.uids.len() > 1 {
                wrong.push(format!("{name} was made {} times", workload.uids.len()));
            }
            return wrong;
        }
        let least = self.numbers.ever(&node).first().copied().unwrap_or_default();
        let returns = workload.templates.iter().collect::<BTreeSet<_>>().len() < written;
        let mut pods: Vec<&ObjectSeen> = seen.pods.values().filter(|pod| pod.node == node).collect();
        pods.sort_by_key(|pod| (&pod.name, pod.nth));
        let pairs = pods.iter().zip(pods.iter().skip(1));
        for (pod, next) in pairs.filter(|(pod, next)| pod.name == next.name && !returns) {
            if pod.revision != next.revision || ordinal(&pod.name) >= least {
                continue;
            }
            // Its workload's controller deleted it, on an old view of it: the operator changed nothing. Or the garbage collector did: when it took the
            // owner reference from the pods of a workload that was replaced, it didn't know one that had just been made. Or nobody asked for it, and
            // kwok, which stands in for the kubelet, deleted its predecessor a second time, by its name alone.
            let controllers = pod.controllers.as_ref().zip(next.controllers.as_ref());
            let stays = controllers.is_some_and(|([_, last], [next, _])| last == next);
            let deletions = self.stage.testbed.pod_deletions_of_others().unwrap_or_default();
            let is_of_pod = |it: &&Request| {
                let time = it.time.parse::<Timestamp>().ok();
                let until = next.created.map(|next| next + SignedDuration::from_secs(1));
                it.namespace == self.namespace && it.name == pod.name && time >= pod.created && time <= until
            };
            let of_pod = deletions.iter().filter(is_of_pod);
            let by: BTreeSet<&str> = of_pod.map(|it| name_of_agent(&it.user_agent)).collect();
            let is_own = by.contains(STATEFUL_SET_CONTROLLER) && (stays || !by.contains(GARBAGE_COLLECTOR));
            let last = pod.controllers.as_ref().and_then(|[_, last]| workload.deleted.get(last));
            let age = pod.created.zip(last.copied()).map(|(created, deleted)| deleted.duration_since(created));
            let is_unseen = by.contains(GARBAGE_COLLECTOR) && !stays && age.is_some_and(|age| age < UNSEEN);
            let is_of_testbed = by.len() == 1 && by.contains(KWOK);
            if (is_own || is_unseen || is_of_testbed) && !self.wire.has_deleted(&pod.name) {
                if self.restarted.insert((pod.name.clone(), pod.nth)) {
                    self.tell(&format!("the pod {} was restarted by Kubernetes: {by:?}", pod.name));
                }
            } else {
                wrong.push(format!("a pod was restarted, though nothing of it changed: {pod:?}, then {next:?}; pods of its name were deleted by {by:?}, its workload {age:?} later"));
            }
        }
        wrong
    }
}

/// The number at the end of a name.
fn ordinal(name: &str) -> i64 {
    name.rsplit('-').next().and_then(|number| number.parse().ok()).unwrap_or_default()
}

/// Pods whose workload is gone.
async fn pods_without_workload(history: &History<'_>) -> Result<Vec<String>, Vec<String>> {
    let mut owners = BTreeSet::new();
    let replica_sets = Kind::Row(&REPLICA_SET);
    for kind in [kind::STATEFUL_SET.clone(), kind::DAEMON_SET.clone(), kind::JOB.clone()] {
        let kind = Kind::Recorded(Arc::new(kind));
        owners.extend(
            api(history, &kind).list(&ListParams::default()).await.map_err(failed)?.iter().filter_map(ResourceExt::uid),
        );
    }
    owners.extend(
        api(history, &replica_sets)
            .list(&ListParams::default())
            .await
            .map_err(failed)?
            .iter()
            .filter_map(ResourceExt::uid),
    );
    let pods = history.api::<Pod>().list(&ListParams::default()).await.map_err(failed)?;
    let orphans = pods.iter().filter(|pod| {
        let controller = pod.owner_references().iter().find(|owner| owner.controller == Some(true));
        pod.metadata.deletion_timestamp.is_none() && controller.is_none_or(|owner| !owners.contains(&owner.uid))
    });
    Ok(orphans.map(|pod| format!("the pod {} has no workload: {:?}", pod.name_any(), pod.owner_references())).collect())
}

static REPLICA_SET: kind::ChildKind = kind::ChildKind::named("apps", "v1", "ReplicaSet", "replicasets");

/// Claims of the nodes that there are whose size isn't that of the spec.
async fn claims_of_another_size(history: &History<'_>) -> Result<Vec<String>, Vec<String>> {
    let claims = history.api::<PersistentVolumeClaim>().list(&ListParams::default()).await.map_err(failed)?;
    let stores = &history.spec().stores;
    let mut wrong = Vec::new();
    for claim in claims.iter().filter(|claim| claim.metadata.deletion_timestamp.is_none()) {
        let node = claim.labels().get("simulation.example.com/node").cloned().unwrap_or_default();
        let Some(store) = stores.get(node.trim_start_matches("store-")) else { continue };
        let wanted = format!("{}Gi", 10 + store.size);
        let requests = claim.spec.as_ref().and_then(|spec| spec.resources.as_ref()?.requests.clone());
        let size = requests.and_then(|requests| requests.get("storage").map(|size| size.0.clone())).unwrap_or_default();
        if size != wanted {
            wrong.push(format!("the claim {} asks for {size}, not for {wanted}", claim.name_any()));
        }
    }
    Ok(wrong)
}

/// A deleted cluster leaves nothing but the claims that are to stay.
pub async fn is_gone(history: &History<'_>, within: Duration) -> Checked {
    let witness = &history.stage.witness;
    if !witness.until(&history.namespace, within, Seen::is_empty).await {
        let seen = witness.seen(&history.namespace);
        let pods: Vec<_> = seen.pods.values().filter(|pod| !pod.gone).map(|pod| &pod.name).collect();
        return Err(vec![format!("the cluster is gone, and left: {:?}, pods {pods:?}", seen.children.values())]);
    }
    let kept =
        |node: &str| history.story.retention.get(node.trim_start_matches("store-")).is_some_and(|(_, gone)| !gone);
    let seen = witness.seen(&history.namespace);
    let lost = seen.claims.values().filter(|claim| claim.deleted && kept(&claim.node) && !history.may_lose(claim));
    let lost: Vec<String> =
        lost.map(|claim| format!("the claim {} was deleted with the cluster", claim.name)).collect();
    if lost.is_empty() { Ok(()) } else { Err(lost) }
}

/// Of Kubernetes' programs, their last part: `kube-controller-manager/v1.36.3 (linux/amd64) kubernetes/abc/statefulset-controller`. Of others the first:
/// `kwok/v0.8.0 (linux/amd64)`.
fn name_of_agent(agent: &str) -> &str {
    let (first, last) = (agent.split('/').next(), agent.rsplit('/').next());
    if agent.ends_with(')') { first } else { last }.unwrap_or_default()
}
