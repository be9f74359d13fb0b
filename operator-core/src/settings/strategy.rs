//! Which update strategies each kind of workload has.

use serde_json::{Value, json};

use super::UpdateStrategy;
use crate::definition::Workload;

/// The update strategies of a kind of workload.
pub(crate) struct Known {
    pub kind: &'static str,
    /// The type beside `RollingUpdate`.
    pub other: &'static str,
    /// Fields of a rolling update, with Kubernetes' defaults. A field without a default is sent only where it is given.
    pub rolling: &'static [(&'static str, Option<Default>)],
}

pub(crate) enum Default {
    Number(i32),
    Text(&'static str),
}

pub(crate) static STATEFUL_SET: Known = Known {
    kind: "StatefulSet",
    other: "OnDelete",
    // maxUnavailable: behind a feature gate, so that not every API server stores it.
    rolling: &[("partition", Some(Default::Number(0))), ("maxUnavailable", None)],
};

pub(crate) static DEPLOYMENT: Known = Known {
    kind: "Deployment",
    other: "Recreate",
    rolling: &[("maxSurge", Some(Default::Text("25%"))), ("maxUnavailable", Some(Default::Text("25%")))],
};

pub(crate) static DAEMON_SET: Known = Known {
    kind: "DaemonSet",
    other: "OnDelete",
    rolling: &[("maxSurge", Some(Default::Number(0))), ("maxUnavailable", Some(Default::Number(1)))],
};

pub(crate) fn known(workload: Workload) -> Option<&'static Known> {
    match workload {
        Workload::StatefulSet => Some(&STATEFUL_SET),
        Workload::Deployment => Some(&DEPLOYMENT),
        Workload::DaemonSet => Some(&DAEMON_SET),
        Workload::Job => None,
    }
}

/// Fields that this kind of workload doesn't have, each with the advice what to write instead.
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

/// Fields of a rolling update where the strategy is another one.
pub(crate) fn idle(workload: Workload, given: &UpdateStrategy) -> Vec<&'static str> {
    let known = known(workload).filter(|known| given.type_.as_deref() == Some(known.other));
    let Some(known) = known else { return Vec::new() };
    said(given).filter(|field| known.rolling.iter().any(|(name, _)| name == field)).collect()
}

fn said(given: &UpdateStrategy) -> impl Iterator<Item = &'static str> {
    values(given).into_iter().filter(|(_, value)| value.is_some()).map(|(field, _)| field)
}

pub(crate) fn values(given: &UpdateStrategy) -> [(&'static str, Option<Value>); 3] {
    [
        ("partition", given.partition.map(Value::from)),
        ("maxUnavailable", given.max_unavailable.as_ref().map(|value| json!(value))),
        ("maxSurge", given.max_surge.as_ref().map(|value| json!(value))),
    ]
}
