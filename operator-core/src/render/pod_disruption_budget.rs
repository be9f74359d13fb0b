//! Maximum number of a node's pods that may be unavailable during a voluntary disruption: one, where there are two or more.

use k8s_openapi::apimachinery::pkg::util::intstr::IntOrString;
use serde_json::json;

use super::{Object, names::Names};
use crate::{definition::Workload, model::kind::POD_DISRUPTION_BUDGET, settings::ResolvedNode};

pub fn build(names: &Names<'_>, node: &ResolvedNode) -> Option<Object> {
    let given = node.spec.settings.disruption_budget.clone().unwrap_or_default();
    let evictable = matches!(node.node_type.workload(), Workload::StatefulSet | Workload::Deployment);
    if !evictable || !given.enabled.unwrap_or(node.replicas >= 2) {
        return None;
    }
    let mut spec = match (given.max_unavailable, given.min_available) {
        (None, Some(available)) => json!({ "minAvailable": available }),
        (unavailable, _) => json!({ "maxUnavailable": unavailable.unwrap_or(IntOrString::Int(1)) }),
    };
    spec["selector"] = json!({ "matchLabels": names.selector(&node.name) });
    Some(Object::new(&POD_DISRUPTION_BUDGET, names.node(&node.name), Some(node), json!({ "spec": spec })))
}
