//! How the pods of a workload are replaced.
//!
//! What the API server would default is said: under server-side apply, a default that nobody owns stays when the type changes, and the API
//! server then refuses the two together.

use serde_json::{Map, Value, json};

use crate::{
    definition::Workload,
    node::{Effective, Invalid, UpdateStrategy},
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

/// The strategy of the node's workload, as its `updateStrategy` or `strategy`; `null` for Jobs.
pub fn build(node: &Effective) -> Result<Value, Vec<Invalid>> {
    let known = match node.node_type.workload() {
        Workload::StatefulSet => &STATEFUL_SET,
        Workload::Deployment => &DEPLOYMENT,
        Workload::DaemonSet => &DAEMON_SET,
        Workload::Job => return Ok(Value::Null),
    };
    let given = node.spec.settings.update_strategy.clone().unwrap_or_default();
    let rolling = given.type_.as_deref().unwrap_or("RollingUpdate") == "RollingUpdate";
    let errors = wrong(known, &given, rolling, &format!("{}.updateStrategy", node.path));
    if !errors.is_empty() {
        return Err(errors);
    }
    if !rolling {
        return Ok(json!({ "type": known.other }));
    }
    let values = values(&given);
    let fields: Map<String, Value> = known
        .rolling
        .iter()
        .filter_map(|(field, default)| {
            let given = values.iter().find(|(name, _)| name == field).and_then(|(_, value)| value.clone());
            let default = || {
                default.as_ref().map(|default| match default {
                    Default::Number(number) => json!(number),
                    Default::Text(text) => json!(text),
                })
            };
            Some(((*field).to_owned(), given.or_else(default)?))
        })
        .collect();
    Ok(json!({ "type": "RollingUpdate", "rollingUpdate": fields }))
}

fn values(given: &UpdateStrategy) -> [(&'static str, Option<Value>); 3] {
    [
        ("partition", given.partition.map(Value::from)),
        ("maxUnavailable", given.max_unavailable.as_ref().map(|value| json!(value))),
        ("maxSurge", given.max_surge.as_ref().map(|value| json!(value))),
    ]
}

fn wrong(known: &Known, given: &UpdateStrategy, rolling: bool, path: &str) -> Vec<Invalid> {
    let Known { kind, other, .. } = known;
    let mut errors = Vec::new();
    if let Some(type_) = given.type_.as_deref().filter(|type_| *type_ != "RollingUpdate" && type_ != other) {
        let message = format!("a {kind} has no `{type_}`; write RollingUpdate or {other}");
        errors.push(Invalid::new(format!("{path}.type"), message));
    }
    for (field, _) in values(given).into_iter().filter(|(_, value)| value.is_some()) {
        let message = if !known.rolling.iter().any(|(name, _)| *name == field) {
            let fields: Vec<&str> = known.rolling.iter().map(|(name, _)| *name).collect();
            format!("a {kind} has no `{field}`; it has: {}", fields.join(", "))
        } else if !rolling {
            "goes with `type: RollingUpdate` only; drop one".to_owned()
        } else {
            continue;
        };
        errors.push(Invalid::new(format!("{path}.{field}"), message));
    }
    errors
}
