//! Ports, and the attributes that name them.

use crate::{
    Check, NodeType, Probe,
    joined::or,
    text::{report_if, same},
};

/// A number belongs to one port.
#[track_caller]
pub const fn ports(node_type: &NodeType) {
    each_joined!(node_type.ports, |port| port.name, {
        each!(node_type.place.ports, |own| {
            let same_number = own.number == port.number && own.protocol as u8 == port.protocol as u8;
            report_if(
                same_number && !same(own.name, port.name),
                "the port `{}` of this field has the number of its type's `{}`: give it another number, or the same \
                 name to replace that one",
                &[own.name, port.name],
            );
        });
    });
}

/// Probes ask ports that there are.
#[track_caller]
pub const fn probes(node_type: &NodeType) {
    let NodeType { place, template, .. } = node_type;
    asks_a_port(node_type, "readiness", or(place.readiness, template.readiness));
    asks_a_port(node_type, "liveness", or(place.liveness, template.liveness));
    asks_a_port(node_type, "startup", or(place.startup, template.startup));
}

/// Metrics are served at a port that there is.
#[track_caller]
pub const fn metrics(node_type: &NodeType) {
    if let Some(metrics) = or(node_type.place.metrics, node_type.template.metrics) {
        is_there(node_type, "metrics", metrics.port);
    }
}

#[track_caller]
const fn asks_a_port(node_type: &NodeType, key: &str, probe: Option<Probe>) {
    if let Some(Probe { check: Check::Http { port, .. } | Check::Tcp { port }, .. }) = probe {
        is_there(node_type, key, port);
    }
}

#[track_caller]
const fn is_there(node_type: &NodeType, key: &str, port: &str) {
    report_if(
        !has_port(node_type, port),
        "`{}` names the port `{}`, which this node type doesn't have: declare it with port(name = \"{}\", number = …), \
         here or on the type",
        &[key, port, port],
    );
}

pub const fn has_port(node_type: &NodeType, name: &str) -> bool {
    let NodeType { place, template, .. } = node_type;
    any!(place.ports, |port| same(port.name, name)) || any!(template.ports, |port| same(port.name, name))
}
