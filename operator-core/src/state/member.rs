//! All pods of the StatefulSets of nodes that aren't ready: what says which of them keep others from being made or updated.

use k8s_openapi::jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::{
    pod::Pod,
    trouble::{Cause, of_pod},
};

/// A pod of a StatefulSet, as it was listed last.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Member {
    /// UID of the StatefulSet.
    pub workload: Box<str>,
    /// Name of the pod.
    pub name: Box<str>,
    /// Its UID.
    pub uid: Box<str>,
    /// Its version.
    pub version: u64,
    /// Its number.
    pub ordinal: i32,
    /// The revision of the template that it was made from.
    pub revision: Box<str>,
    /// How it is doing.
    pub standing: Standing,
    /// The claim templates of which it has the claim.
    #[serde(default, skip_serializing_if = "<[_]>::is_empty")]
    pub claims: Box<[Box<str>]>,
}

/// How a pod is doing.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum Standing {
    /// Ready.
    Ready,
    /// Not ready, and it is known why.
    InTrouble,
    /// It has failed, was evicted, or came to its end: its controller replaces it once it gets to it.
    Failed,
    /// It starts or is being deleted: it becomes another thing by itself.
    #[default]
    Changing,
}

impl Member {
    /// Whether it differs from what it was in more than its version.
    pub fn is_news(&self, before: &Self) -> bool {
        *self != Self { version: self.version, ..before.clone() }
    }
}

/// The pods of StatefulSets among some pods, by workload and number.
pub fn members(pods: &[Pod], now: Timestamp) -> Vec<Member> {
    let mut members: Vec<Member> = pods.iter().filter_map(|pod| member(pod, now)).collect();
    members.sort_by(|one, other| (&one.workload, one.ordinal).cmp(&(&other.workload, other.ordinal)));
    members
}

fn member(pod: &Pod, now: Timestamp) -> Option<Member> {
    let metadata = &pod.metadata;
    let name = metadata.name.as_str();
    Some(Member {
        workload: metadata.controller()?.into(),
        name: name.into(),
        uid: metadata.uid.as_str().into(),
        version: metadata.resource_version.parse().ok()?,
        ordinal: name.rsplit_once('-')?.1.parse().ok()?,
        revision: metadata.labels.get("controller-revision-hash")?.as_str().into(),
        standing: standing(pod, now),
        claims: pod.claims().map(Box::from).collect(),
    })
}

fn standing(pod: &Pod, now: Timestamp) -> Standing {
    if pod.metadata.deletion_timestamp.is_some() {
        return Standing::Changing;
    }
    match of_pod(pod, now) {
        _ if pod.is_ready() => Standing::Ready,
        _ if ["Failed", "Succeeded"].map(Some).contains(&pod.status.phase.as_deref()) => Standing::Failed,
        Some((Cause::Terminating, _)) | None => Standing::Changing,
        Some(_) => Standing::InTrouble,
    }
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
        let status = json!({ "phase": phase, "conditions": ready, "containerStatuses": containers });
        json!({ "metadata": metadata, "spec": { "volumes": more["volumes"].as_array().cloned().unwrap_or_default() }, "status": status })
    }

    fn found(pods: &[Value]) -> Vec<Member> {
        members(&serde_json::from_value::<Vec<Pod>>(json!(pods)).unwrap(), "2026-01-01T12:00:00Z".parse().unwrap())
    }

    fn standings(pods: &[(&str, &str)], more: &Value) -> Vec<(String, Standing)> {
        let pods: Vec<Value> = pods.iter().map(|(name, phase)| pod(name, phase, more)).collect();
        found(&pods).into_iter().map(|member| (member.name.into(), member.standing)).collect()
    }

    #[test]
    fn pods_with_a_number_are_members_by_workload_and_number() {
        let pods = [("b-0", "Ready"), ("a-10", "crash"), ("a-2", "starts"), ("a-1", "Failed"), ("a-x", "Ready")];
        let expected = [
            ("a-1", Standing::Failed),
            ("a-2", Standing::Changing),
            ("a-10", Standing::InTrouble),
            ("b-0", Standing::Ready),
        ];
        assert_eq!(standings(&pods, &Value::Null), expected.map(|(name, standing)| (name.to_owned(), standing)));
        for deleted in ["2026-01-01T12:00:00Z", "2025-01-01T12:00:00Z"] {
            let ending = standings(&[("a-0", "Ready"), ("a-1", "crash")], &json!({ "deleted": deleted }));
            assert!(ending.iter().all(|(_, standing)| *standing == Standing::Changing), "{ending:?}");
        }
    }

    #[test]
    fn a_claim_is_its_templates_where_it_is_called_as_its_controller_calls_it() {
        let claim = |name: &str, claim: &str| json!({ "name": name, "persistentVolumeClaim": { "claimName": claim } });
        let volumes = [claim("data", "data-a-0"), claim("log", "shared"), json!({ "name": "tmp", "emptyDir": {} })];
        let members = found(&[pod("a-0", "Ready", &json!({ "volumes": volumes }))]);
        assert_eq!(members[0].claims, ["data".into()].into());
    }

    #[test]
    fn a_version_alone_is_no_news() {
        let before = Member { version: 1, ..Member::default() };
        assert!(!Member { version: 2, ..Member::default() }.is_news(&before));
        assert!(Member { standing: Standing::Ready, ..Member::default() }.is_news(&before));
    }
}
