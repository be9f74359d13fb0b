//! The VerticalPodAutoscaler of a node, where the settings ask for one.

use serde_json::json;

use super::{Object, names::Names};
use crate::{
    definition::Workload,
    model::kind::VERTICAL_AUTOSCALER,
    settings::{ResolvedNode, VerticalMode},
};

/// None where there are no pods to resize, or nobody asks for it.
pub fn build(names: &Names<'_>, node: &ResolvedNode) -> Option<Object> {
    // Of settings that several nodes share, some may not go with this one.
    if node.node_type.workload() == Workload::Job {
        return None;
    }
    let given = node.spec.settings.vertical_autoscaling.as_ref().filter(|given| given.enabled != Some(false))?;
    let name = names.node(&node.name);
    let bound = |bound: &std::collections::BTreeMap<_, _>| (!bound.is_empty()).then(|| json!(bound));
    let container = json!({
        "containerName": node.node_type.container(),
        "minAllowed": bound(&given.min_allowed),
        "maxAllowed": bound(&given.max_allowed),
    });
    // What sidecars need, nobody has said.
    let others = json!({ "containerName": "*", "mode": "Off" });
    let spec = json!({
        "targetRef": { "apiVersion": node.kind.api_version(), "kind": node.kind.kind, "name": name },
        "updatePolicy": { "updateMode": given.update_mode.unwrap_or(VerticalMode::Off) },
        "resourcePolicy": { "containerPolicies": [container, others] },
    });
    Some(Object::new(&VERTICAL_AUTOSCALER, name, Some(node), json!({ "spec": spec })))
}
