//! The ports of a node: those of its node type and those that its settings add. The checks of the settings refuse clashes and unknown names.

use k8s_openapi::apimachinery::pkg::util::intstr::IntOrString;

use super::{NodeDefaults, ResolvedNode, ServicePort};
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
    /// Port of the container that the Service's port leads to.
    pub target: IntOrString,
}

impl Port {
    fn given(name: &str, number: u16, protocol: Option<&str>, target: IntOrString) -> Self {
        Self { name: name.to_owned(), number, protocol: protocol.unwrap_or("TCP").to_owned(), target }
    }
}

/// Ports of the container: the node type's, then those of the settings.
pub fn of_container(node_type: &NodeType, settings: &NodeDefaults) -> Vec<Port> {
    let target = |name: &str| IntOrString::String(name.to_owned());
    let fixed = node_type.ports().into_iter();
    let fixed = fixed.map(|it| Port::given(it.name, it.number, Some(it.protocol.as_str()), target(it.name)));
    let own = settings.ports.iter();
    let own = own.map(|it| Port::given(&it.name, it.number, it.protocol.as_deref(), target(&it.name)));
    fixed.chain(own).collect()
}

/// Ports of the Service alone.
pub fn of_service_alone(settings: &NodeDefaults) -> Vec<Port> {
    let ports = settings.service.iter().flat_map(|service| &service.ports);
    let target = |port: &ServicePort| port.target_port.clone().unwrap_or(IntOrString::Int(port.port.into()));
    ports.map(|it| Port::given(&it.name, it.port, it.protocol.as_deref(), target(it))).collect()
}

impl ResolvedNode {
    /// Ports of the container, the node type's first.
    pub(crate) fn ports(&self) -> Vec<Port> {
        of_container(self.node_type, &self.spec.settings)
    }

    /// Ports of the Service: the container's, then those of the Service alone.
    pub(crate) fn service_ports(&self) -> Vec<Port> {
        [self.ports(), of_service_alone(&self.spec.settings)].concat()
    }

    /// The Service's port called `name`, else its first; none where it doesn't exist.
    pub(crate) fn service_port(&self, name: Option<&str>) -> Option<Port> {
        self.service_ports().into_iter().find(|port| name.is_none_or(|name| port.name == name))
    }
}
