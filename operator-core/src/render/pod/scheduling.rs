//! Where pods run.

use serde_json::{Map, Value, json};

use super::{set, strings};
use crate::{definition::Workload, render::names::Names, settings::Effective};

/// What pods are spread over where nobody says it.
const SPREAD: [&str; 2] = ["topology.kubernetes.io/zone", "kubernetes.io/hostname"];

/// Puts everything that the scheduler reads into a pod's spec.
pub fn put(names: &Names<'_>, node: &Effective, spec: &mut Map<String, Value>) {
    let settings = &node.spec.settings;
    set(spec, "nodeSelector", Value::Object(strings(&settings.node_selector)));
    set(spec, "tolerations", json!(settings.tolerations));
    set(spec, "affinity", json!(settings.affinity));
    set(spec, "topologySpreadConstraints", spread(names, node).into());
    set(spec, "schedulingGates", json!(settings.scheduling_gates));
    set(spec, "priorityClassName", json!(settings.priority_class_name));
    set(spec, "runtimeClassName", json!(settings.runtime_class_name));
}

/// A constraint that doesn't say which pods it counts is about the node's.
fn spread(names: &Names<'_>, node: &Effective) -> Vec<Value> {
    let selector = json!({ "matchLabels": names.selector(&node.name) });
    if let Some(own) = &node.spec.settings.topology_spread_constraints {
        let constraints = own.iter().map(|constraint| json!(constraint));
        return constraints
            .map(|mut constraint| {
                if constraint.get("labelSelector").is_none() {
                    constraint["labelSelector"] = selector.clone();
                }
                constraint
            })
            .collect();
    }
    // The pods of the others are where the machines are, or there is just one.
    if !matches!(node.node_type.workload(), Workload::StatefulSet | Workload::Deployment) {
        return Vec::new();
    }
    let soft = |key: &str| json!({ "maxSkew": 1, "topologyKey": key, "whenUnsatisfiable": "ScheduleAnyway", "labelSelector": selector });
    SPREAD.iter().map(|key| soft(key)).collect()
}
