//! How a workload is doing: what the status reports and gates ask.

use std::sync::LazyLock;

use serde::{Deserialize, Serialize, de::IgnoredAny};
use serde_json::Value;

use super::{
    child::{Entry, Object},
    claims,
};
use crate::model::{
    ChildKind, Digest, Kind, Quantity,
    kind::{DAEMON_SET, JOB},
};

/// How a workload is doing.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Health {
    /// Whether its controller has seen its newest spec.
    pub observed: bool,
    /// Wanted pods; of a Job 1.
    pub replicas: i32,
    /// Who set that number.
    pub replicas_by: Owners,
    /// Pods there are.
    pub current: i32,
    /// Pods on the newest template.
    pub updated: i32,
    /// Ready pods; of a Job 1 once it is complete.
    pub ready: i32,
    /// Whether the newest template is the only one (StatefulSets say so themselves).
    pub single_revision: bool,
    /// Most pods that its update strategy leaves on an earlier template, by `OnDelete` or a partition.
    pub leaves: i32,
    /// Why it can't get on.
    pub failure: Option<Box<str>>,
    /// Claims of every pod and their sizes.
    pub claims: Box<[(Box<str>, Quantity)]>,
    /// Whether they go when it does.
    #[serde(default)]
    pub takes_claims: bool,
    /// Over its selector; zero where it has none.
    #[serde(default)]
    pub selector: Digest,
    /// Of a StatefulSet whose pods are updated by its controller.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub rolling: Option<Box<Rolling>>,
}

/// How the pods of a StatefulSet are updated.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Rolling {
    /// The newest revision of the template.
    pub revision: Box<str>,
    /// Number of the first pod.
    pub start: i32,
    /// How many of the first pods stay on an earlier revision.
    pub partition: i32,
    /// Pods that have been ready for as long as it wants.
    pub available: i32,
    /// Whether pods come in order: each once all before it are ready.
    pub ordered: bool,
}

/// Of a Job that came to its good end.
pub static DONE: LazyLock<Health> = LazyLock::new(|| job_with(1));

/// Of a Job. Its template can't change: its pods are always on the newest.
fn job_with(ready: i32) -> Health {
    Health { observed: true, replicas: 1, current: 1, updated: 1, ready, single_revision: true, ..Health::default() }
}

/// Who set a field.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Owners {
    /// The operator.
    pub ours: bool,
    /// Someone else.
    pub others: bool,
}

/// The part of a workload's spec that is read.
#[derive(Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
struct Spec {
    replicas: Option<i32>,
    pod_management_policy: Value,
    ordinals: Value,
    update_strategy: Value,
    persistent_volume_claim_retention_policy: Value,
    selector: Value,
    volume_claim_templates: Vec<Value>,
}

impl Health {
    /// Of a workload; `None` of what is none. `manager` is the operator's name.
    pub fn read(kind: &Kind, manager: &str, object: &Object<'_>) -> Option<Self> {
        if !kind.is_workload() {
            return None;
        }
        let status = object.status.and_then(|status| serde_json::from_str(status.get()).ok()).unwrap_or(Value::Null);
        if *kind == &JOB {
            return Some(job(&status));
        }
        let spec: Spec = object.spec.and_then(|spec| serde_json::from_str(spec.get()).ok()).unwrap_or_default();
        let replicas = if *kind == &DAEMON_SET {
            number(&status, "desiredNumberScheduled").unwrap_or(0)
        } else {
            spec.replicas.unwrap_or(1)
        };
        let counts = counts(kind).map(|field| number(&status, field).unwrap_or(0));
        let [current, updated, ready] = counts;
        let seen = status.get("observedGeneration").and_then(Value::as_i64);
        let claim = |claim: &Value| {
            Some((claim.pointer("/metadata/name")?.as_str()?.into(), claims::size(claim.get("spec")?)?))
        };
        Some(Self {
            observed: seen.is_some_and(|seen| seen >= object.metadata.generation),
            replicas,
            replicas_by: replicas_by(&object.metadata.managed_fields, manager),
            current,
            updated,
            ready,
            single_revision: status.get("currentRevision") == status.get("updateRevision"),
            leaves: leaves(&spec.update_strategy, replicas),
            takes_claims: spec.persistent_volume_claim_retention_policy.get("whenDeleted") == Some(&"Delete".into()),
            rolling: rolling(&spec, &status).map(Box::new),
            failure: failure(&status),
            selector: selector(&spec.selector),
            claims: spec.volume_claim_templates.iter().filter_map(claim).collect(),
        })
    }

    /// Whether every pod is on the newest template: no other is used any more.
    pub fn rolled_out(&self) -> bool {
        self.observed && self.single_revision && self.updated == self.replicas && self.current == self.replicas
    }

    /// Whether it went as far as it goes by itself: under some update strategies pods stay on an earlier template.
    pub fn came_to_rest(&self) -> bool {
        self.rolled_out()
            || (self.observed
                && self.leaves > 0
                && self.current == self.replicas
                && self.updated >= self.replicas - self.leaves)
    }

    /// Whether every wanted pod is there and ready, and none is on an earlier template.
    pub fn is_complete(&self) -> bool {
        self.rolled_out() && self.ready == self.replicas
    }

    /// Of a Job: whether it came to its end, good or bad.
    pub fn ended(&self) -> bool {
        self.ready >= self.replicas || self.failure.is_some()
    }
}

fn selector(selector: &Value) -> Digest {
    if selector.is_object() { Digest::of(selector) } else { Digest::default() }
}

/// The fields of a workload's status that count pods: all, on the newest template, ready.
fn counts(kind: &ChildKind) -> [&'static str; 3] {
    if kind == &DAEMON_SET {
        ["currentNumberScheduled", "updatedNumberScheduled", "numberReady"]
    } else {
        ["replicas", "updatedReplicas", "readyReplicas"]
    }
}

/// Who set `spec.replicas`, by managedFields.
fn replicas_by(entries: &[Entry<'_>], manager: &str) -> Owners {
    #[derive(Deserialize)]
    struct Fields {
        #[serde(rename = "f:spec")]
        spec: Option<Spec>,
    }
    #[derive(Deserialize)]
    struct Spec {
        #[serde(rename = "f:replicas")]
        replicas: Option<IgnoredAny>,
    }
    let mut owners = Owners::default();
    for entry in entries {
        let fields = entry.fields_v1.and_then(|fields| serde_json::from_str::<Fields>(fields.get()).ok());
        if fields.and_then(|fields| fields.spec?.replicas).is_some() {
            *(if entry.is_of(manager) { &mut owners.ours } else { &mut owners.others }) = true;
        }
    }
    owners
}

/// Source: the defaults and fields of a StatefulSet in `apps/v1`; no other kind has this policy.
fn rolling(spec: &Spec, status: &Value) -> Option<Rolling> {
    let strategy = &spec.update_strategy;
    let partition = strategy.get("rollingUpdate").and_then(|rolling| number(rolling, "partition"));
    (word(strategy, "type") == Some("RollingUpdate")).then_some(Rolling {
        revision: word(status, "updateRevision")?.into(),
        start: number(&spec.ordinals, "start").unwrap_or(0),
        partition: partition.unwrap_or(0),
        available: number(status, "availableReplicas").unwrap_or(0),
        ordered: spec.pod_management_policy == "OrderedReady",
    })
}

fn leaves(strategy: &Value, replicas: i32) -> i32 {
    if strategy.get("type").and_then(Value::as_str) == Some("OnDelete") {
        return replicas;
    }
    let partition = strategy.get("rollingUpdate").and_then(|rolling| number(rolling, "partition"));
    partition.unwrap_or(0).clamp(0, replicas.max(0))
}

fn number(value: &Value, key: &str) -> Option<i32> {
    value.get(key).and_then(Value::as_i64).and_then(|number| i32::try_from(number).ok())
}

/// Source: the conditions `Complete` and `Failed` of `batch/v1`.
fn job(status: &Value) -> Health {
    let complete = condition(status, |type_, _| type_ == ("Complete", "True")).is_some();
    let failed = condition(status, |type_, _| type_ == ("Failed", "True"));
    Health {
        failure: failed.map(|message| if message.is_empty() { "the Job failed".into() } else { message.into() }),
        ..job_with(complete.into())
    }
}

/// Source: the conditions of a Deployment, `Progressing` and `ReplicaFailure`.
fn failure(status: &Value) -> Option<Box<str>> {
    condition(status, |type_, reason| {
        type_ == ("ReplicaFailure", "True") || (type_.0 == "Progressing" && reason == Some("ProgressDeadlineExceeded"))
    })
    .map(Box::from)
}

/// The message of the first condition that `is` says yes to, by its type and status, and its reason.
fn condition(status: &Value, is: impl Fn((&str, &str), Option<&str>) -> bool) -> Option<&str> {
    let found = status.get("conditions")?.as_array()?.iter().find(|condition| {
        let type_ = (word(condition, "type").unwrap_or_default(), word(condition, "status").unwrap_or_default());
        is(type_, word(condition, "reason"))
    })?;
    Some(word(found, "message").unwrap_or_default())
}

fn word<'a>(condition: &'a Value, key: &str) -> Option<&'a str> {
    condition.get(key).and_then(Value::as_str)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::kind::DEPLOYMENT;
    use serde_json::json;

    fn read(kind: &'static ChildKind, object: &Value) -> Health {
        let text = object.to_string();
        Health::read(&Kind::Row(kind), "op", &serde_json::from_str(&text).unwrap()).unwrap()
    }

    #[test]
    fn a_daemon_set_counts_machines() {
        let object = |seen: i64| {
            json!({ "metadata": { "generation": 2 }, "spec": {}, "status": {
                "observedGeneration": seen, "desiredNumberScheduled": 3, "currentNumberScheduled": 3,
                "updatedNumberScheduled": 3, "numberReady": 2,
            } })
        };
        let health = read(&DAEMON_SET, &object(2));
        assert_eq!((health.replicas, health.ready, health.rolled_out()), (3, 2, true));
        assert!(!read(&DAEMON_SET, &object(1)).rolled_out());
    }

    #[test]
    fn a_job_is_one_pod_that_is_ready_once_complete() {
        let job = |conditions: Value| {
            let object = json!({ "metadata": {}, "spec": {}, "status": { "conditions": conditions } });
            read(&JOB, &object)
        };
        let running = job(json!([]));
        assert_eq!((running.replicas, running.ready, running.ended()), (1, 0, false));
        let complete = job(json!([{ "type": "Complete", "status": "True" }]));
        assert_eq!((complete.ready, complete.ended(), complete.failure), (1, true, None));
        let failed = job(json!([{ "type": "Failed", "status": "True", "message": "too often" }]));
        assert_eq!((failed.ready, failed.ended(), failed.failure.as_deref()), (0, true, Some("too often")));
    }

    #[test]
    fn who_set_replicas_is_told_by_managed_fields() {
        let entry = |manager: &str, operation: &str, subresource: Option<&str>| {
            json!({ "manager": manager, "operation": operation, "subresource": subresource,
                    "fieldsV1": { "f:spec": { "f:replicas": {} } } })
        };
        let by = |entries: Value| {
            let mut object = json!({ "metadata": { "managedFields": entries }, "spec": { "replicas": 2 } });
            for entry in object["metadata"]["managedFields"].as_array_mut().unwrap() {
                entry.as_object_mut().unwrap().retain(|_, value| !value.is_null());
            }
            read(&DEPLOYMENT, &object).replicas_by
        };
        let ours = entry("op", "Apply", None);
        let theirs = entry("kube-controller-manager", "Update", Some("scale"));
        assert_eq!(by(json!([ours])), Owners { ours: true, others: false });
        assert_eq!(by(json!([ours, theirs])), Owners { ours: true, others: true });
        assert_eq!(by(json!([theirs])), Owners { ours: false, others: true });
        assert_eq!(by(json!([entry("op-scale", "Apply", None)])), Owners { ours: false, others: true });
    }
}
