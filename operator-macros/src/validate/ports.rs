//! Ports, and the attributes that name them.

use operator_definition::Protocol;

use super::{absolute, names, unique};
use crate::{
    attrs::Text,
    errors::{Errors, suggestion},
    model::{Check, Number, Port, Template},
};

/// The rules of ports, probes and metrics that need nothing but the attribute itself.
pub fn ports(template: &Template, errors: &Errors) {
    numbers(&template.ports, errors);
    for probe in template.probes() {
        if let Check::Http { path, .. } = &probe.check {
            absolute("a probe", path, errors);
        }
    }
    if let Some(path) = template.metrics.as_ref().and_then(|metrics| metrics.path.as_ref()) {
        absolute("metrics", path, errors);
    }
}

/// Probes and metrics may only name ports of the attribute itself: it is the whole of the node type.
pub fn only_own_ports(template: &Template, errors: &Errors) {
    let names: Vec<_> = template.ports.iter().map(|port| port.name.as_str()).collect();
    for port in template.named_ports().filter(|port| !names.contains(&port.as_str())) {
        let port_name = port.as_str();
        let advice = if names.is_empty() {
            format!("declare it with port({} = 8080)", port_name.replace('-', "_"))
        } else {
            suggestion(port, &names)
        };
        errors.at(&port.span(), format!("this node type has no port `{port_name}`; {advice}"));
    }
}

fn numbers(ports: &[Port], errors: &Errors) {
    for port in ports {
        names::port(&port.name, errors);
    }
    unique(ports.iter().map(|port| &port.name), errors, |name| {
        format!("another port is called `{name}` already: give this one another name")
    });
    let mut numbered = Vec::new();
    for port in ports {
        let Some(Number::Literal(number)) = &port.number else { continue };
        let same = |(other, protocol, _): &&(u16, Protocol, &Text)| *other == **number && *protocol == port.protocol;
        if let Some((_, _, name)) = numbered.iter().find(same) {
            let (name, number_text) = (name.as_str(), **number);
            let message = format!("port `{name}` has the number {number_text} already: give this one another");
            errors.at(&number.span(), message);
        }
        numbered.push((**number, port.protocol, &port.name));
    }
}
