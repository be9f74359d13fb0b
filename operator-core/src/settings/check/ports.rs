//! Ports of a node's container and Service, and the names of ports in other settings.

use super::Checked;
use crate::settings::{Port, ports};

pub fn check(node: &mut Checked<'_>) {
    let settings = &node.spec.settings;
    let of_container = ports::of_container(node.node_type, settings);
    let own = of_container.len() - settings.ports.len();
    let of_service = ports::of_service_alone(settings);
    let mut taken: Vec<&Port> = Vec::new();
    for (index, port) in of_container.iter().chain(&of_service).enumerate() {
        // The compiler has checked those of the node type.
        let field = if index < of_container.len() { "ports" } else { "service.ports" };
        if let Some(message) = clash(port, &taken).filter(|_| index >= own) {
            node.unfit(field, message);
        }
        taken.push(port);
    }
    let names: Vec<&str> = taken.iter().map(|port| port.name.as_str()).collect();
    let spec = node.spec;
    let ingress = spec.ingress.as_ref().map(|ingress| ("ingress", &ingress.port));
    let route = spec.http_route.as_ref().map(|route| ("httpRoute", &route.port));
    let monitor = settings.service_monitor.as_ref().filter(|monitor| monitor.enabled != Some(false));
    let monitor = monitor.map(|monitor| ("serviceMonitor", &monitor.port));
    let external = settings.service.iter().find_map(|service| service.external.as_ref());
    let external = external.map(|_| ("service.external", &None));
    for (field, port) in [ingress, route, monitor, external].into_iter().flatten() {
        match port {
            _ if names.is_empty() && node.gives(field) => {
                node.unfit(field, "this node has no port; add one to `ports`");
            }
            Some(port) if !names.is_empty() && !names.contains(&port.as_str()) => {
                let message = format!("this node has no port `{port}`; it has: {}", names.join(", "));
                node.unfit(&format!("{field}.port"), message);
            }
            _ => {}
        }
    }
}

/// Why a container or Service can't have `port` in addition to `others`.
fn clash(port: &Port, others: &[&Port]) -> Option<String> {
    let Port { name, number, protocol, .. } = port;
    if others.iter().any(|other| other.name == *name) {
        return Some(format!("there is a port `{name}` already; use another name"));
    }
    let other = others.iter().find(|other| other.number == *number && other.protocol == *protocol)?;
    Some(format!("`{name}` has the number {number}, which is that of `{}`; use another", other.name))
}
