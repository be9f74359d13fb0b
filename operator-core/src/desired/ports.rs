//! The ports of a node: those of its node type and those that the custom resource adds.

use serde_json::{Value, json};

use crate::node::{Effective, Invalid};

/// A port of the node's container.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Port {
    /// Name, also in the Service.
    pub name: String,
    /// 1 to 65535.
    pub number: u16,
    /// `TCP`, `UDP` or `SCTP`.
    pub protocol: String,
}

/// The container's ports, the node type's first.
pub fn of(node: &Effective) -> Vec<Port> {
    let fixed = node.node_type.ports().into_iter().map(|port| Port {
        name: port.name.to_owned(),
        number: port.number,
        protocol: port.protocol.as_str().to_owned(),
    });
    let own = node.spec.settings.ports.iter().map(|port| Port {
        name: port.name.clone(),
        number: port.number,
        protocol: protocol(port.protocol.as_deref()),
    });
    fixed.chain(own).collect()
}

/// As a Service has them: the container's, and those of the Service alone.
pub fn of_service(node: &Effective) -> Vec<Value> {
    let of_container = of(node);
    let further = node.spec.settings.service.iter().flat_map(|service| &service.ports);
    let container = |port: &Port| json!({ "name": port.name, "port": port.number, "targetPort": port.name, "protocol": port.protocol });
    of_container
        .iter()
        .map(container)
        .chain(further.map(|port| {
            let target = port.target_port.as_ref().map_or_else(|| json!(port.port), |target| json!(target));
            let protocol = protocol(port.protocol.as_deref());
            json!({ "name": port.name, "port": port.port, "targetPort": target, "protocol": protocol })
        }))
        .collect()
}

/// Ports that would stand twice in the container or the Service.
pub fn check(node: &Effective) -> Vec<Invalid> {
    let mut errors = Vec::new();
    let mut taken: Vec<Port> = Vec::new();
    let settings = &node.spec.settings;
    let fixed = node.node_type.ports().len();
    let of_service = settings.service.iter().flat_map(|service| &service.ports).map(|port| Port {
        name: port.name.clone(),
        number: port.port,
        protocol: protocol(port.protocol.as_deref()),
    });
    let places = |index: usize| if index < fixed + settings.ports.len() { "ports" } else { "service.ports" };
    for (index, port) in of(node).into_iter().chain(of_service).enumerate() {
        let path = || format!("{}.{}", node.path, places(index));
        if taken.iter().any(|other| other.name == port.name) {
            errors.push(Invalid::new(path(), format!("there is a port `{}` already; use another name", port.name)));
        } else if let Some(other) =
            taken.iter().find(|other| other.number == port.number && other.protocol == port.protocol)
        {
            let Port { name, number, .. } = &port;
            let message = format!("`{name}` has the number {number}, which is that of `{}`; use another", other.name);
            errors.push(Invalid::new(path(), message));
        }
        taken.push(port);
    }
    errors
}

/// The port called `name`, else the first; `what` is what needs it.
pub fn named(node: &Effective, name: Option<&str>, what: &str) -> Result<String, Invalid> {
    let names: Vec<String> = of_service(node)
        .iter()
        .filter_map(|port| port.get("name").and_then(Value::as_str).map(str::to_owned))
        .collect();
    let path = format!("{}.{what}", node.path);
    match (name, names.first()) {
        (_, None) => Err(Invalid::new(path, "this node has no port; add one to `ports`")),
        (None, Some(first)) => Ok(first.clone()),
        (Some(name), _) if names.iter().any(|known| known == name) => Ok(name.to_owned()),
        (Some(name), _) => {
            let message = format!("this node has no port `{name}`; it has: {}", names.join(", "));
            Err(Invalid::new(format!("{path}.port"), message))
        }
    }
}

fn protocol(given: Option<&str>) -> String {
    given.unwrap_or("TCP").to_owned()
}
