//! How the pods of a workload are replaced.
//!
//! Fields that the API server would default are sent: under server-side apply, a default without an owner stays when the type changes, and
//! the API server then refuses the two together.

use k8s_openapi::apimachinery::pkg::util::intstr::IntOrString;
use serde_json::{Map, Value, json};

use crate::settings::{
    ResolvedNode, Scale,
    strategy::{DAEMON_SET, Default, known, values},
};

/// The strategy of the node's workload, as its `updateStrategy` or `strategy`; `null` for Jobs. Fields of other kinds of workload are ignored.
pub fn build(node: &ResolvedNode) -> Value {
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

fn is_zero(part: &IntOrString) -> bool {
    match part {
        IntOrString::Int(number) => *number == 0,
        IntOrString::String(text) => text.trim_end_matches('%').bytes().all(|c| c == b'0'),
    }
}

/// A workload's `replicas`; none where a HorizontalPodAutoscaler sets them.
pub fn replicas(node: &ResolvedNode) -> Option<i32> {
    (node.scale != Scale::Autoscaled).then(|| node.replicas)
}

/// A workload's `minReadySeconds`. 0 is Kubernetes' default, which isn't stored.
pub fn min_ready(node: &ResolvedNode) -> Option<i32> {
    node.spec.settings.min_ready_seconds.filter(|seconds| *seconds > 0)
}
