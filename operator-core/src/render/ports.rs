//! The ports of a node, as its children have them. The checks of the settings refuse clashes and unknown names.

use serde_json::{Value, json};

use crate::settings::{Port, ResolvedNode, ports};

/// The container's ports, the node type's first.
pub fn of(node: &ResolvedNode) -> Vec<Port> {
    ports::of_container(node.node_type, &node.spec.settings)
}

/// As a Service has them: the container's, and those of the Service alone.
pub fn of_service(node: &ResolvedNode) -> Vec<Value> {
    let settings = &node.spec.settings;
    let targets = settings.service.iter().flat_map(|service| &service.ports).map(|port| match &port.target_port {
        Some(target) => json!(target),
        None => json!(port.port),
    });
    let of_container = of(node).into_iter().map(|port| (json!(port.name), port));
    let alone = targets.zip(ports::of_service_alone(settings));
    let port = |(target, Port { name, number, protocol }): (Value, Port)| json!({ "name": name, "port": number, "targetPort": target, "protocol": protocol });
    of_container.chain(alone).map(port).collect()
}

/// The Service's port called `name`, else its first; none where there is none.
pub fn named(node: &ResolvedNode, name: Option<&str>) -> Option<Value> {
    of_service(node).into_iter().find(|port| name.is_none_or(|name| port["name"] == name))
}
