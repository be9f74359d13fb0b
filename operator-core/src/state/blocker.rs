//! Pods for which those after them wait: StatefulSets whose pods come in order create and update none before every earlier one is ready.

use k8s_openapi::jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::{
    pod::Pod,
    trouble::{Cause, of_pod},
};

/// The first pod of a workload that isn't ready, where it is known why.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Blocker {
    /// UID of the workload.
    pub workload: Box<str>,
    /// Name of the pod.
    pub name: Box<str>,
    /// Its UID.
    pub uid: Box<str>,
    /// Its version.
    pub version: u64,
    /// Its number.
    pub ordinal: i32,
    /// How many pods of the workload come before it: all are ready.
    pub before: i32,
    /// The revision of the template that it was made from.
    pub revision: Box<str>,
}

/// The blockers among some pods, one per workload at most. A pod that is being deleted, or failed and is about to be, is none; nor is one after
/// it.
pub fn blockers(pods: &[Pod], now: Timestamp) -> Vec<Blocker> {
    let mut pods: Vec<(&str, i32, &Pod)> =
        pods.iter().filter_map(|pod| Some((pod.metadata.controller()?, ordinal(pod)?, pod))).collect();
    pods.sort_by_key(|(workload, ordinal, _)| (*workload, *ordinal));
    let of_workload = |pods: &[(&str, i32, &Pod)]| {
        let is_settled = |pod: &Pod| pod.is_ready() && pod.metadata.deletion_timestamp.is_none();
        let before = pods.iter().take_while(|(_, _, pod)| is_settled(pod)).count();
        let (workload, ordinal, pod) = pods.get(before)?;
        let (cause, _) = of_pod(pod, now)?;
        let metadata = &pod.metadata;
        (!matches!(cause, Cause::Terminating | Cause::Failed { .. })).then_some(Blocker {
            workload: (*workload).into(),
            name: metadata.name.as_str().into(),
            uid: metadata.uid.as_str().into(),
            version: metadata.resource_version.parse().ok()?,
            ordinal: *ordinal,
            before: i32::try_from(before).ok()?,
            revision: metadata.labels.get("controller-revision-hash")?.as_str().into(),
        })
    };
    pods.chunk_by(|one, other| one.0 == other.0).filter_map(of_workload).collect()
}

fn ordinal(pod: &Pod) -> Option<i32> {
    pod.metadata.name.rsplit_once('-')?.1.parse().ok()
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;

    fn pod(name: &str, phase: &str, more: &Value) -> Value {
        let owner = json!([{ "uid": "other" }, { "uid": name.split('-').next(), "controller": true }]);
        let metadata = json!({ "name": name, "uid": format!("uid-of-{name}"), "resourceVersion": "7", "ownerReferences": owner,
            "labels": { "controller-revision-hash": "old" }, "deletionTimestamp": more["deleted"] });
        let ready = json!([{ "type": "Ready", "status": if phase == "Ready" { "True" } else { "False" } }]);
        let waiting =
            |reason: &str| json!([{ "name": "c", "restartCount": 5, "state": { "waiting": { "reason": reason } } }]);
        let containers = if phase == "crash" { waiting("CrashLoopBackOff") } else { waiting("ContainerCreating") };
        let phase = if phase == "Failed" { "Failed" } else { "Running" };
        json!({ "metadata": metadata, "status": { "phase": phase, "conditions": ready, "containerStatuses": containers } })
    }

    fn of(pods: &[(&str, &str)]) -> Vec<String> {
        let pods = pods.iter().map(|(name, phase)| pod(name, phase, &Value::Null)).collect::<Vec<_>>();
        found(json!(pods)).into_iter().map(|pod| format!("{} after {}", pod.name, pod.before)).collect()
    }

    fn found(pods: Value) -> Vec<Blocker> {
        blockers(&serde_json::from_value::<Vec<Pod>>(pods).unwrap(), "2026-01-01T12:00:00Z".parse().unwrap())
    }

    #[test]
    fn it_is_the_first_pod_that_is_not_ready_where_it_is_known_why() {
        let crashes = [("a-10", "Ready"), ("a-0", "Ready"), ("a-2", "crash"), ("a-1", "crash"), ("b-0", "crash")];
        assert_eq!(of(&crashes), ["a-1 after 1", "b-0 after 0"]);
        assert_eq!(of(&[("a-0", "Ready"), ("a-1", "Ready")]), Vec::<String>::new());
        assert_eq!(of(&[("a-0", "starts"), ("a-1", "crash")]), Vec::<String>::new(), "the first may still get ready");
        assert_eq!(of(&[("a-0", "Failed"), ("a-1", "crash")]), Vec::<String>::new(), "its controller replaces it");
        assert_eq!(of(&[("a-0", "Ready"), ("a-2", "crash")]), ["a-2 after 1"], "one is missing");
    }

    #[test]
    fn a_pod_that_is_being_deleted_is_none_and_none_after_it_is() {
        for deleted in ["2026-01-01T12:00:00Z", "2025-01-01T12:00:00Z"] {
            let ends = pod("a-0", "Ready", &json!({ "deleted": deleted }));
            assert_eq!(found(json!([ends, pod("a-1", "crash", &Value::Null)])), []);
        }
    }
}
