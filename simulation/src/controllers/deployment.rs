//! Deployments and ReplicaSets. Rolling updates are simplified: a pod of an older revision goes for each new one that is ready.

use std::sync::Arc;

use serde_json::{Value, json};

use super::{
    MANAGER,
    owned::{Workload, has_label, is_deleting},
    pod::{ready, replicas},
};
use crate::{
    json::{map, number, put, text},
    server::ApiServer,
};

const HASH: &str = "pod-template-hash";
const SETS: &str = "replicasets.apps";

/// Takes each Deployment and ReplicaSet one step further.
pub fn deployments(server: &mut ApiServer) -> bool {
    let before = server.version();
    for workload in Workload::all(server, "deployments.apps") {
        deployment(server, &workload);
    }
    for workload in Workload::all(server, SETS) {
        replica_set(server, &workload);
    }
    server.version() != before
}

fn deployment(server: &mut ApiServer, workload: &Workload) {
    let hash = workload.revision();
    let wanted = replicas(&workload.object);
    let sets = workload.adopt(server, SETS, |_| true);
    let (new, old): (Vec<_>, Vec<_>) = sets.iter().partition(|set| has_label(set, HASH, &hash));
    let running = |sets: &[&Arc<Value>], field: &str| -> i64 { sets.iter().map(|set| number(set, field)).sum() };
    let recreate = text(&workload.object, "/spec/strategy/type") == "Recreate";
    let new_ready = running(&new, "/status/readyReplicas");
    let left = if recreate { 0 } else { usize::try_from(new_ready).map_or(0, |ready| wanted.saturating_sub(ready)) };
    let mut budget = left;
    for set in &old {
        let keep = replicas(set).min(budget);
        budget -= keep;
        scale(server, set, keep);
    }
    if recreate && running(&old, "/status/replicas") > 0 {
        return report(server, workload, &sets, &new);
    }
    match new.first() {
        Some(set) => scale(server, set, wanted),
        None => {
            let name = format!("{}-{hash}", workload.name());
            let mut template = workload.template();
            map(&mut template, "/metadata/labels").insert(HASH.to_owned(), hash.as_str().into());
            let mut selector = workload.object.pointer("/spec/selector").cloned().unwrap_or_default();
            map(&mut selector, "/matchLabels").insert(HASH.to_owned(), hash.as_str().into());
            let labels = template.pointer("/metadata/labels").cloned();
            let spec = json!({ "replicas": wanted, "selector": selector, "template": template });
            let set = workload.child(&name, &json!({ "metadata": { "labels": labels }, "spec": spec }), &[]);
            workload.create(server, SETS, set);
        }
    }
    report(server, workload, &sets, &new);
}

fn scale(server: &mut ApiServer, set: &Value, count: usize) {
    if replicas(set) != count {
        let at = (text(set, "/metadata/namespace"), text(set, "/metadata/name"));
        let _ = server.update(SETS, at, "", MANAGER, |set| put(set, "/spec/replicas", count));
    }
}

fn report(server: &mut ApiServer, workload: &Workload, sets: &[Arc<Value>], new: &[&Arc<Value>]) {
    let sum = |field: &str| -> i64 { sets.iter().map(|set| number(set, field)).sum() };
    let updated: i64 = new.iter().map(|set| number(set, "/status/replicas")).sum();
    let new_ready: i64 = new.iter().map(|set| number(set, "/status/readyReplicas")).sum();
    let (all, ready) = (sum("/status/replicas"), sum("/status/readyReplicas"));
    let wanted = number(&workload.object, "/spec/replicas");
    let complete = updated == wanted && all == wanted && new_ready == wanted;
    let progress = if complete { "NewReplicaSetAvailable" } else { "ReplicaSetUpdated" };
    let available = if ready >= wanted - wanted / 4 { "True" } else { "False" };
    let some = |count: i64| if count == 0 { Value::Null } else { count.into() };
    let status = json!({
        "observedGeneration": workload.object.pointer("/metadata/generation"),
        "replicas": some(all), "readyReplicas": some(ready), "availableReplicas": some(ready),
        "updatedReplicas": some(updated), "unavailableReplicas": some((wanted.max(all) - ready).max(0)),
        "conditions": [
            { "type": "Available", "status": available, "reason": "MinimumReplicas" },
            { "type": "Progressing", "status": "True", "reason": progress },
        ],
    });
    workload.report(server, &status);
}

fn replica_set(server: &mut ApiServer, workload: &Workload) {
    let mut pods = workload.adopt(server, "pods", |_| true);
    pods.retain(|pod| !is_deleting(pod));
    let wanted = replicas(&workload.object);
    for _ in pods.len()..wanted {
        let mut pod = workload.child("", &workload.template(), &[]);
        put(&mut pod, "/metadata/name", Value::Null);
        put(&mut pod, "/metadata/generateName", format!("{}-", workload.name()));
        workload.create(server, "pods", pod);
    }
    // The first to go are those that aren't ready.
    let mut surplus: Vec<_> = pods.iter().collect();
    surplus.sort_by_key(|pod| super::owned::is_ready(pod));
    for pod in surplus.into_iter().take(pods.len().saturating_sub(wanted)) {
        workload.delete(server, "pods", pod);
    }
    let pods = workload.adopt(server, "pods", |_| false);
    let count = ready(&pods);
    let some = if count == 0 { Value::Null } else { count.into() };
    let status = json!({
        "observedGeneration": workload.object.pointer("/metadata/generation"),
        "replicas": pods.iter().filter(|pod| !is_deleting(pod)).count(), "readyReplicas": some, "availableReplicas": some,
    });
    workload.report(server, &status);
}
