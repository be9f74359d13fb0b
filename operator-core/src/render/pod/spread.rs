//! How pods are spread over zones and hosts.

use serde_json::{Value, json};

use crate::{
    definition::Workload,
    render::names::Names,
    settings::{ResolvedNode, json::fields},
};

/// Topology keys over which pods are spread by default.
const SPREAD: [&str; 2] = ["topology.kubernetes.io/zone", "kubernetes.io/hostname"];

/// The pods' `topologySpreadConstraints`. A constraint without a label selector counts the node's pods.
pub fn build(names: &Names<'_>, node: &ResolvedNode) -> Vec<Value> {
    let selector = json!({ "matchLabels": names.selector(&node.name) });
    if let Some(own) = &node.spec.settings.topology_spread_constraints {
        let default = fields(json!({ "labelSelector": selector }));
        return own.iter().map(|own| default.clone().into_iter().chain(fields(json!(own))).collect()).collect();
    }
    // The pods of the others are where the machines are, or there is just one.
    if !matches!(node.node_type.workload(), Workload::StatefulSet | Workload::Deployment) {
        return Vec::new();
    }
    let soft = |key: &str| json!({ "maxSkew": 1, "topologyKey": key, "whenUnsatisfiable": "ScheduleAnyway", "labelSelector": selector });
    SPREAD.iter().map(|key| soft(key)).collect()
}
