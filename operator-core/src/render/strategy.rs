//! How the pods of a workload are replaced.
//!
//! What the API server would default is said: under server-side apply, a default that nobody owns stays when the type changes, and the API
//! server then refuses the two together.

use k8s_openapi::apimachinery::pkg::util::intstr::IntOrString;
use serde_json::{Map, Value, json};

use crate::{
    definition::Workload,
    settings::{Effective, UpdateStrategy},
};

/// What a kind of workload knows.
struct Known {
    kind: &'static str,
    /// The type beside `RollingUpdate`.
    other: &'static str,
    /// What a rolling update may say, with Kubernetes' defaults. Without one, it is said only where it is given.
    rolling: &'static [(&'static str, Option<Default>)],
}

enum Default {
    Number(i32),
    Text(&'static str),
}

static STATEFUL_SET: Known = Known {
    kind: "StatefulSet",
    other: "OnDelete",
    // maxUnavailable: behind a feature gate, so that not every API server stores it.
    rolling: &[("partition", Some(Default::Number(0))), ("maxUnavailable", None)],
};

static DEPLOYMENT: Known = Known {
    kind: "Deployment",
    other: "Recreate",
    rolling: &[("maxSurge", Some(Default::Text("25%"))), ("maxUnavailable", Some(Default::Text("25%")))],
};

static DAEMON_SET: Known = Known {
    kind: "DaemonSet",
    other: "OnDelete",
    rolling: &[("maxSurge", Some(Default::Number(0))), ("maxUnavailable", Some(Default::Number(1)))],
};

fn known(workload: Workload) -> Option<&'static Known> {
    match workload {
        Workload::StatefulSet => Some(&STATEFUL_SET),
        Workload::Deployment => Some(&DEPLOYMENT),
        Workload::DaemonSet => Some(&DAEMON_SET),
        Workload::Job => None,
    }
}

/// The strategy of the node's workload, as its `updateStrategy` or `strategy`; `null` for Jobs. What another kind of workload would know says
/// nothing here.
pub fn build(node: &Effective) -> Value {
    let Some(known) = known(node.node_type.workload()) else { return Value::Null };
    let given = node.spec.settings.update_strategy.clone().unwrap_or_default();
    if given.type_.as_deref() == Some(known.other) {
        return json!({ "type": known.other });
    }
    let values = values(&given);
    // A DaemonSet has either more pods meanwhile or fewer; Kubernetes refuses both.
    let surges = known.kind == DAEMON_SET.kind && given.max_surge.as_ref().is_some_and(|surge| !is_zero(surge));
    let fields: Map<String, Value> = known
        .rolling
        .iter()
        .filter_map(|(field, default)| {
            let given = values.iter().find(|(name, _)| name == field).and_then(|(_, value)| value.clone());
            let default = || {
                default.as_ref().map(|default| match default {
                    _ if surges && *field == "maxUnavailable" => json!(0),
                    Default::Number(number) => json!(number),
                    Default::Text(text) => json!(text),
                })
            };
            Some(((*field).to_owned(), given.or_else(default)?))
        })
        .collect();
    json!({ "type": "RollingUpdate", "rollingUpdate": fields })
}

/// What this kind of workload doesn't know: the field, and what to write instead.
pub(crate) fn unfit(workload: Workload, given: &UpdateStrategy) -> Vec<(&'static str, String)> {
    let Some(known) = known(workload) else { return Vec::new() };
    let Known { kind, other, .. } = known;
    let type_ = given.type_.as_deref().filter(|type_| *type_ != "RollingUpdate" && type_ != other);
    let type_ = type_.map(|type_| ("type", format!("a {kind} has no `{type_}`; write RollingUpdate or {other}")));
    let has: Vec<&str> = known.rolling.iter().map(|(name, _)| *name).collect();
    let lacks = said(given).filter(|field| !has.contains(field));
    let lacks = lacks.map(|field| (field, format!("a {kind} has no `{field}`; it has: {}", has.join(", "))));
    type_.into_iter().chain(lacks).collect()
}

/// Fields that are about a rolling update, where there is none.
pub(crate) fn idle(workload: Workload, given: &UpdateStrategy) -> Vec<&'static str> {
    let known = known(workload).filter(|known| given.type_.as_deref() == Some(known.other));
    let Some(known) = known else { return Vec::new() };
    said(given).filter(|field| known.rolling.iter().any(|(name, _)| name == field)).collect()
}

fn is_zero(part: &IntOrString) -> bool {
    match part {
        IntOrString::Int(number) => *number == 0,
        IntOrString::String(text) => text.trim_end_matches('%').bytes().all(|c| c == b'0'),
    }
}

fn said(given: &UpdateStrategy) -> impl Iterator<Item = &'static str> {
    values(given).into_iter().filter(|(_, value)| value.is_some()).map(|(field, _)| field)
}

fn values(given: &UpdateStrategy) -> [(&'static str, Option<Value>); 3] {
    [
        ("partition", given.partition.map(Value::from)),
        ("maxUnavailable", given.max_unavailable.as_ref().map(|value| json!(value))),
        ("maxSurge", given.max_surge.as_ref().map(|value| json!(value))),
    ]
}

/// For the workloads that know how long a pod must be ready. 0 is Kubernetes' default, which isn't stored.
pub fn set_min_ready(node: &Effective, spec: &mut Value) {
    if let Some(seconds) = node.spec.settings.min_ready_seconds.filter(|seconds| *seconds > 0) {
        spec["minReadySeconds"] = seconds.into();
    }
}
