//! Who may connect to a node's pods, where that is limited: to the ports they declare, from the node types that say they talk to them, from
//! their own node type, and from whom the custom resource names.

use serde_json::{Value, json};

use super::{
    Object,
    names::{COMPONENT, MANAGED_BY, Names},
    ports,
};
use crate::{model::kind::NETWORK_POLICY, settings::ResolvedNode};

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
    let containers =
        ["/spec/containers", "/spec/initContainers"].iter().filter_map(|list| pod.pointer(list)?.as_array());
    let of_containers = containers.flatten().filter_map(|container| container.get("ports")?.as_array()).flatten();
    let of_containers = of_containers.map(|port| (port.get("containerPort"), port.get("protocol")));
    let of_service = ports::of_service(node);
    let of_service = of_service.iter().map(|port| (port.get("targetPort"), port.get("protocol")));
    let mut open: Vec<Value> = Vec::new();
    for (number, protocol) in of_containers.chain(of_service.filter(|(port, _)| port.is_some_and(Value::is_number))) {
        let port = json!({ "port": number, "protocol": protocol });
        if !open.contains(&port) {
            open.push(port);
        }
    }
    open
}

/// Labels of the pods of a node type, in this cluster.
fn of_type(names: &Names<'_>, node_type: &str) -> Value {
    let mut labels = names.labels(None);
    labels.remove(MANAGED_BY);
    labels.insert(COMPONENT.to_owned(), node_type.into());
    labels.into()
}
