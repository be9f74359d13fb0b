//! The NetworkPolicy of a node, where the settings ask for one. It allows connections to the ports that the pods declare, from node types
//! that talk to this one, from the node's own type, and from the sources in the custom resource.

use std::collections::HashSet;

use k8s_openapi::apimachinery::pkg::util::intstr::IntOrString;
use serde_json::{Value, json};

use super::{
    Object,
    names::{COMPONENT, MANAGED_BY, Names},
};
use crate::{
    model::kind::NETWORK_POLICY,
    settings::{ResolvedNode, json::at},
};

/// `pod` is the node's pod template.
pub fn build(names: &Names<'_>, node: &ResolvedNode, pod: &Value) -> Option<Object> {
    let given = node.spec.settings.network_policy.as_ref().filter(|given| given.enabled == Some(true))?;
    let ports = open(node, pod);
    let own = node.node_type.name;
    let talking =
        names.definition.node_types.iter().filter(|other| other.name == own || other.talks_to().contains(&own));
    let mut peers: Vec<Value> =
        talking.map(|other| json!({ "podSelector": { "matchLabels": of_type(names, other.name) } })).collect();
    peers.extend(given.from.iter().flatten().cloned());
    // Without ports there is nothing to connect to; a rule without ports would open all.
    let rules = if ports.is_empty() { json!([]) } else { json!([{ "from": peers, "ports": ports }]) };
    let spec = json!({
        "podSelector": { "matchLabels": names.selector(&node.name) },
        "policyTypes": ["Ingress"],
        "ingress": rules,
    });
    Some(Object::new(&NETWORK_POLICY, names.node(&node.name), Some(node), json!({ "spec": spec })))
}

/// The ports of the pods: those of their containers, and those that the Service leads to by number.
fn open(node: &ResolvedNode, pod: &Value) -> Vec<Value> {
    let of_containers = at(pod, "spec.containers|initContainers.*.ports.*").into_iter();
    let of_containers =
        of_containers.map(|port| json!({ "port": port["containerPort"], "protocol": port["protocol"] }));
    let of_service = node.service_ports().into_iter().filter(|port| matches!(port.target, IntOrString::Int(_)));
    let of_service = of_service.map(|port| json!({ "port": port.target, "protocol": port.protocol }));
    let mut open: Vec<Value> = of_containers.chain(of_service).collect();
    let mut seen = HashSet::new();
    open.retain(|port| seen.insert(port.clone()));
    open
}

/// Labels of the pods of a node type, in this cluster.
fn of_type(names: &Names<'_>, node_type: &str) -> Value {
    let mut labels = names.labels(None);
    labels.remove(MANAGED_BY);
    labels.insert(COMPONENT.to_owned(), node_type.into());
    labels.into()
}
