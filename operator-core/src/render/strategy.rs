//! How the pods of a workload are replaced.
//!
//! Fields that the API server would default are sent: under server-side apply, a default without an owner stays when the type changes, and
//! the API server then refuses the two together.

use serde_json::{Map, Value, json};

use crate::{
    definition::Workload,
    settings::{ResolvedNode, Scale, json::fields, strategy::known},
};

/// The strategy of the node's workload, as its `updateStrategy` or `strategy`; `null` for Jobs. Fields of other kinds of workload are ignored.
pub fn build(node: &ResolvedNode) -> Value {
    let workload = node.node_type.workload();
    let Some(known) = known(workload) else { return Value::Null };
    let given = fields(json!(node.spec.settings.update_strategy));
    if given.get("type").is_some_and(|type_| type_ == known.other) {
        return json!({ "type": known.other });
    }
    // A DaemonSet has either more pods meanwhile or fewer; Kubernetes refuses both.
    let surges = workload == Workload::DaemonSet && given.get("maxSurge").is_some_and(|surge| !is_zero(surge));
    let fields = known.rolling.into_iter().map(|(field, default)| {
        let default = if surges && field == "maxUnavailable" { json!(0) } else { default };
        (field.to_owned(), given.get(field).cloned().unwrap_or(default))
    });
    let fields: Map<String, Value> = fields.filter(|(_, value)| !value.is_null()).collect();
    json!({ "type": "RollingUpdate", "rollingUpdate": fields })
}

/// A number of pods, or a percentage.
fn is_zero(part: &Value) -> bool {
    part.as_str().map_or(*part == 0, |text| text.trim_end_matches('%').bytes().all(|c| c == b'0'))
}

/// A workload's `replicas`; none where the spec says none. Then the API server takes 1, and others may set another number: the operator never
/// sends one, or it would set theirs back before it has seen it.
pub fn replicas(node: &ResolvedNode) -> Option<i32> {
    matches!(node.scale, Scale::Fixed(_)).then_some(node.replicas)
}

/// A workload's `minReadySeconds`. 0 is Kubernetes' default, which isn't stored.
pub fn min_ready(node: &ResolvedNode) -> Option<i32> {
    node.spec.settings.min_ready_seconds.filter(|seconds| *seconds > 0)
}
