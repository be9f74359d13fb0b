//! The ports of a node: those of its node type and those that its settings add.

use super::NodeDefaults;
use crate::definition::NodeType;

/// A port of the node's container, or of its Service alone.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Port {
    /// Name, also in the Service.
    pub name: String,
    /// 1 to 65535.
    pub number: u16,
    /// `TCP`, `UDP` or `SCTP`.
    pub protocol: String,
}

impl Port {
    fn given(name: &str, number: u16, protocol: Option<&str>) -> Self {
        Self { name: name.to_owned(), number, protocol: protocol.unwrap_or("TCP").to_owned() }
    }
}

/// Ports of the container: the node type's, then those of the settings.
pub fn of_container(node_type: &NodeType, settings: &NodeDefaults) -> Vec<Port> {
    let fixed = node_type.ports();
    let fixed = fixed.iter().map(|port| Port::given(port.name, port.number, Some(port.protocol.as_str())));
    let own = settings.ports.iter().map(|port| Port::given(&port.name, port.number, port.protocol.as_deref()));
    fixed.chain(own).collect()
}

/// Ports of the Service alone.
pub fn of_service_alone(settings: &NodeDefaults) -> Vec<Port> {
    let ports = settings.service.iter().flat_map(|service| &service.ports);
    ports.map(|port| Port::given(&port.name, port.port, port.protocol.as_deref())).collect()
}
