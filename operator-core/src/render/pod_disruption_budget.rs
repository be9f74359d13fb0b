//! How many pods of a node may be missing at once by people's will: one, where there are two or more.

use serde_json::json;

use super::{Object, names::Names};
use crate::{definition::Workload, model::kind::POD_DISRUPTION_BUDGET, settings::ResolvedNode};

pub fn build(names: &Names<'_>, node: &ResolvedNode) -> Option<Object> {
    let given = node.spec.settings.disruption_budget.clone().unwrap_or_default();
    let evictable = matches!(node.node_type.workload(), Workload::StatefulSet | Workload::Deployment);
    if !evictable || !given.enabled.unwrap_or(node.replicas() >= 2) {
        return None;
    }
    let selector = json!({ "matchLabels": names.selector(&node.name) });
    let spec = match (given.max_unavailable, given.min_available) {
        (None, Some(there)) => json!({ "selector": selector, "minAvailable": there }),
        (Some(missing), _) => json!({ "selector": selector, "maxUnavailable": missing }),
        (None, None) => json!({ "selector": selector, "maxUnavailable": 1 }),
    };
    Some(Object::new(&POD_DISRUPTION_BUDGET, names.node(&node.name), Some(node), json!({ "spec": spec })))
}
