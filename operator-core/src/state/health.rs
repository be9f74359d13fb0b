//! How a workload is doing: what the status reports and gates ask.

use serde_json::Value;

use super::{
    claims,
    owned::{self, Owners},
};
use crate::{
    model::kind::{ChildKind, DAEMON_SET, DEPLOYMENT, JOB, STATEFUL_SET},
    settings::Quantity,
};

/// How a workload is doing.
#[derive(Clone, Debug, Default, PartialEq)]
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
    pub settled: bool,
    /// Most pods that its update strategy leaves on an earlier template, by `OnDelete` or a partition.
    pub leaves: i32,
    /// Why it can't get on.
    pub failure: Option<Box<str>>,
    /// Claims of every pod and their sizes.
    pub claims: Vec<(Box<str>, Quantity)>,
}

impl Health {
    /// Of a workload; `None` of what is none. `manager` is the operator's name.
    pub fn of(kind: &ChildKind, manager: &str, object: &Value) -> Option<Self> {
        if kind == &JOB {
            return Some(job(object));
        }
        let (spec, status) = (object.get("spec")?, object.get("status").unwrap_or(&Value::Null));
        let health = if kind == &DAEMON_SET {
            Self {
                replicas: number(status, "desiredNumberScheduled").unwrap_or(0),
                current: number(status, "currentNumberScheduled").unwrap_or(0),
                updated: number(status, "updatedNumberScheduled").unwrap_or(0),
                ready: number(status, "numberReady").unwrap_or(0),
                settled: true,
                ..Self::default()
            }
        } else if kind == &STATEFUL_SET || kind == &DEPLOYMENT {
            Self {
                replicas: number(spec, "replicas").unwrap_or(1),
                replicas_by: owned::replicas(object, manager),
                current: number(status, "replicas").unwrap_or(0),
                updated: number(status, "updatedReplicas").unwrap_or(0),
                ready: number(status, "readyReplicas").unwrap_or(0),
                settled: kind != &STATEFUL_SET || status.get("currentRevision") == status.get("updateRevision"),
                failure: failure(status),
                claims: templates(spec),
                ..Self::default()
            }
        } else {
            return None;
        };
        let health = Self { leaves: leaves(spec, health.replicas), ..health };
        let generation = object.get("metadata")?.get("generation").and_then(Value::as_i64).unwrap_or(0);
        let seen = status.get("observedGeneration").and_then(Value::as_i64);
        Some(Self { observed: seen.is_some_and(|seen| seen >= generation), ..health })
    }

    /// Whether every pod is on the newest template: no other is used any more.
    pub fn rolled_out(&self) -> bool {
        self.observed && self.settled && self.updated == self.replicas && self.current == self.replicas
    }

    /// Whether it went as far as it goes by itself: under some update strategies pods stay on an earlier template.
    pub fn came_to_rest(&self) -> bool {
        self.rolled_out()
            || (self.observed
                && self.leaves > 0
                && self.current == self.replicas
                && self.updated >= self.replicas - self.leaves)
    }

    /// Of a Job: whether it came to its end, good or bad.
    pub fn ended(&self) -> bool {
        self.ready >= self.replicas || self.failure.is_some()
    }
}

fn leaves(spec: &Value, replicas: i32) -> i32 {
    let strategy = spec.get("updateStrategy").unwrap_or(&Value::Null);
    if strategy.get("type").and_then(Value::as_str) == Some("OnDelete") {
        return replicas;
    }
    strategy
        .get("rollingUpdate")
        .and_then(|rolling| number(rolling, "partition"))
        .unwrap_or(0)
        .clamp(0, replicas.max(0))
}

fn number(value: &Value, key: &str) -> Option<i32> {
    value.get(key).and_then(Value::as_i64).and_then(|number| i32::try_from(number).ok())
}

fn templates(spec: &Value) -> Vec<(Box<str>, Quantity)> {
    let templates = spec.get("volumeClaimTemplates").and_then(Value::as_array);
    let claim = |claim: &Value| Some((claim.pointer("/metadata/name")?.as_str()?.into(), claims::size(claim)?));
    templates.into_iter().flatten().filter_map(claim).collect()
}

/// A Job's template can't change: its pods are always on the newest. Source: the conditions `Complete` and `Failed` of `batch/v1`.
fn job(object: &Value) -> Health {
    let status = object.get("status").unwrap_or(&Value::Null);
    let complete = condition(status, |type_, _| type_ == ("Complete", "True")).is_some();
    let failed = condition(status, |type_, _| type_ == ("Failed", "True"));
    Health {
        observed: true,
        replicas: 1,
        current: 1,
        updated: 1,
        ready: complete.into(),
        settled: true,
        failure: failed.map(|message| if message.is_empty() { "the Job failed".into() } else { message.into() }),
        ..Health::default()
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
    use serde_json::json;

    #[test]
    fn a_daemon_set_counts_machines() {
        let object = |seen: i64| {
            json!({ "metadata": { "generation": 2 }, "spec": {}, "status": {
                "observedGeneration": seen, "desiredNumberScheduled": 3, "currentNumberScheduled": 3,
                "updatedNumberScheduled": 3, "numberReady": 2,
            } })
        };
        let health = Health::of(&DAEMON_SET, "op", &object(2)).unwrap();
        assert_eq!((health.replicas, health.ready, health.rolled_out()), (3, 2, true));
        assert!(!Health::of(&DAEMON_SET, "op", &object(1)).unwrap().rolled_out());
    }

    #[test]
    fn a_job_is_one_pod_that_is_ready_once_complete() {
        let job = |conditions: Value| {
            let object = json!({ "metadata": {}, "spec": {}, "status": { "conditions": conditions } });
            Health::of(&JOB, "op", &object).unwrap()
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
            Health::of(&DEPLOYMENT, "op", &object).unwrap().replicas_by
        };
        let ours = entry("op", "Apply", None);
        let theirs = entry("kube-controller-manager", "Update", Some("scale"));
        assert_eq!(by(json!([ours])), Owners { ours: true, others: false });
        assert_eq!(by(json!([ours, theirs])), Owners { ours: true, others: true });
        assert_eq!(by(json!([theirs])), Owners { ours: false, others: true });
        assert_eq!(by(json!([entry("op-scale", "Apply", None)])), Owners { ours: false, others: true });
    }
}
