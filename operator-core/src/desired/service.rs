//! A Service per node that has ports: headless for StatefulSets, whose pods get names of their own; ClusterIP else.

use serde_json::{Value, json};

use super::{Object, names::Names};
use crate::{definition::Workload, kinds::SERVICE, node::Effective};

pub fn build(names: &Names<'_>, node: &Effective) -> Option<Object> {
    let ports: Vec<Value> = node
        .node_type
        .ports()
        .iter()
        .map(|port| json!({ "name": port.name, "port": port.number, "targetPort": port.name }))
        .collect();
    let mut spec = json!({ "selector": names.selector(&node.name), "ports": ports });
    match node.node_type.workload() {
        Workload::StatefulSet => spec["clusterIP"] = "None".into(),
        _ if ports.is_empty() => return None,
        _ => spec["type"] = "ClusterIP".into(),
    }
    Some(Object::new(&SERVICE, names.node(&node.name), Some(node), json!({ "spec": spec })))
}
