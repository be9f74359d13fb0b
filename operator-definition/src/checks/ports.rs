//! Ports, and the attributes that name them.

use super::{
    joined::{has_port, port, ports_count},
    text::Message,
};
use crate::{Check, NodeType, Probe};

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
                Message::new("the port `")
                    .and(one.name)
                    .and("` of this field has the number of its type's `")
                    .and(other.name)
                    .and("`: give it another number, or the same name to replace that one")
                    .report();
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
    asks_a_port(node_type, "readiness", or(&place.readiness, &template.readiness));
    asks_a_port(node_type, "liveness", or(&place.liveness, &template.liveness));
    asks_a_port(node_type, "startup", or(&place.startup, &template.startup));
}

/// Metrics are served at a port that there is.
#[track_caller]
pub const fn metrics(node_type: &NodeType) {
    let metrics = match node_type.place.metrics {
        Some(metrics) => Some(metrics),
        None => node_type.template.metrics,
    };
    if let Some(metrics) = metrics {
        is_there(node_type, "metrics", metrics.port);
    }
}

#[track_caller]
const fn asks_a_port(node_type: &NodeType, key: &str, probe: Option<&Probe>) {
    if let Some(Probe { check: Check::Http { port, .. } | Check::Tcp { port }, .. }) = probe {
        is_there(node_type, key, port);
    }
}

#[track_caller]
const fn is_there(node_type: &NodeType, key: &str, port: &str) {
    if !has_port(node_type, port) {
        Message::new("`")
            .and(key)
            .and("` names the port `")
            .and(port)
            .and("`, which this node type doesn't have: declare it with port(name = \"")
            .and(port)
            .and("\", number = …), here or on the type")
            .report();
    }
}

const fn or<'a>(place: &'a Option<Probe>, template: &'a Option<Probe>) -> Option<&'a Probe> {
    match place {
        Some(probe) => Some(probe),
        None => template.as_ref(),
    }
}
