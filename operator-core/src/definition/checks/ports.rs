//! Ports, and who names them.

use super::{
    joined::{has_port, port, ports_count},
    text::Message,
};
use crate::definition::{Check, NodeType, Probe};

/// A number belongs to one port.
#[track_caller]
pub const fn ports(node_type: &NodeType) {
    let count = ports_count(node_type);
    let mut one = 0;
    while one < count {
        let mut other = one + 1;
        while other < count {
            if let (Some(one), Some(other)) = (port(node_type, one), port(node_type, other))
                && one.number == other.number
                && one.protocol as u8 == other.protocol as u8
            {
                panic!(
                    "a port of this field has the number of one of its type's: give it another number, or \
                     the same name to replace it"
                );
            }
            other += 1;
        }
        one += 1;
    }
}

/// Probes ask ports that there are.
#[track_caller]
pub const fn probes(node_type: &NodeType) {
    let (place, template) = (&node_type.place, &node_type.template);
    let known = asks_a_port(node_type, or(&place.readiness, &template.readiness))
        && asks_a_port(node_type, or(&place.liveness, &template.liveness))
        && asks_a_port(node_type, or(&place.startup, &template.startup));
    if !known {
        panic!(
            "a probe names a port that this node type doesn't have: declare it with port(name = …, number = \
             …), here or on the type"
        );
    }
}

/// Metrics are served at a port that there is.
#[track_caller]
pub const fn metrics(node_type: &NodeType) {
    let metrics = match node_type.place.metrics {
        Some(metrics) => Some(metrics),
        None => node_type.template.metrics,
    };
    if let Some(metrics) = metrics
        && !has_port(node_type, metrics.port)
    {
        Message::new("`metrics` names the port `")
            .and(metrics.port)
            .and("`, which this node type doesn't have: declare it with port(name = \"")
            .and(metrics.port)
            .and("\", number = …), here or on the type")
            .report();
    }
}

const fn asks_a_port(node_type: &NodeType, probe: Option<&Probe>) -> bool {
    match probe {
        Some(Probe { check: Check::Http { port, .. } | Check::Tcp { port }, .. }) => has_port(node_type, port),
        Some(Probe { check: Check::Exec { .. }, .. }) | None => true,
    }
}

const fn or<'a>(place: &'a Option<Probe>, template: &'a Option<Probe>) -> Option<&'a Probe> {
    match place {
        Some(probe) => Some(probe),
        None => template.as_ref(),
    }
}
