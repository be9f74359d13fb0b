//! Ports, and the attributes that name them.

use crate::{
    Check, NodeType, Port, Probe, Protocol,
    text::{report_if, same},
};

/// A number belongs to one port, and is from 1 to 65535.
#[track_caller]
pub const fn ports(node_type: &NodeType) {
    each_joined!(node_type.ports, |port| port.name, {
        let (name, number, protocol) = (port.name, port.number, port.protocol as u8);
        report_if(number == 0, "the port `{}` has the number 0: give it one from 1 to 65535", &[name]);
        each_joined!(node_type.ports, |other| other.name, {
            report_if(
                other.number == number && other.protocol as u8 == protocol && !same(other.name, name),
                "the ports `{}` and `{}` of the node type `{}` have one number: give one of them another, or the same \
                 name, to replace the other",
                &[name, other.name, node_type.name],
            );
        });
    });
}

/// Probes ask ports that there are.
#[track_caller]
pub const fn probes(node_type: &NodeType) {
    asks_a_port(node_type, "readiness", highest!(node_type.readiness));
    asks_a_port(node_type, "liveness", highest!(node_type.liveness));
    asks_a_port(node_type, "startup", highest!(node_type.startup));
}

/// Metrics are served at a port that there is.
#[track_caller]
pub const fn metrics(node_type: &NodeType) {
    if let Some(metrics) = highest!(node_type.metrics) {
        is_there(node_type, "metrics", metrics.port);
    }
}

#[track_caller]
const fn asks_a_port(node_type: &NodeType, key: &str, probe: Option<Probe>) {
    match probe {
        Some(Probe { check: Check::Http { port: Some(port), .. } | Check::Tcp { port }, .. }) => {
            is_there(node_type, key, port);
        }
        Some(Probe { check: Check::Http { port: None, path }, .. }) => report_if(
            !any!(&node_type.layers, |layer| any!(layer.ports, |port| is_tcp(port))),
            "`{}` asks for `{}`, but the node type `{}` has no TCP port: declare one with port(http = …), here or on the type",
            &[key, path, node_type.name],
        ),
        Some(Probe { check: Check::Exec { .. }, .. }) | None => {}
    }
}

#[track_caller]
const fn is_there(node_type: &NodeType, key: &str, port: &str) {
    report_if(
        !has_port(node_type, port),
        "`{}` names the port `{}`, which the node type `{}` doesn't have: declare it with port({} = …), here or on the type",
        &[key, port, node_type.name, port],
    );
    each_joined!(node_type.ports, |other| other.name, {
        report_if(
            same(other.name, port) && !is_tcp(other),
            "`{}` names the port `{}`, which is UDP: name a TCP port",
            &[key, port],
        );
    });
}

const fn is_tcp(port: &Port) -> bool {
    matches!(port.protocol, Protocol::Tcp)
}

pub const fn has_port(node_type: &NodeType, name: &str) -> bool {
    any!(&node_type.layers, |layer| any!(layer.ports, |port| same(port.name, name)))
}
