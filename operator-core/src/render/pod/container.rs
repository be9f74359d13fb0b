//! The node's own container.

use serde_json::{Value, json};

use super::{probe, security, with_passed};
use crate::{
    render::secrets::Secret,
    settings::{PassedTo, ResolvedNode},
};

/// `given` are the node's settings as JSON.
pub fn build(node: &ResolvedNode, given: &Value, secrets: &[Secret], mounts: Vec<Value>) -> Value {
    let settings = &node.spec.settings;
    let node_type = node.node_type;
    let ports: Vec<Value> = node
        .ports()
        .into_iter()
        .map(|port| json!({ "name": port.name, "containerPort": port.number, "protocol": port.protocol }))
        .collect();
    let fixed_ports = node_type.ports();
    let container = json!({
        "name": node_type.container(),
        "command": node.command,
        "args": node.args,
        "env": env(node, secrets),
        "ports": ports,
        "volumeMounts": mounts,
        "readinessProbe": probe::build(&settings.readiness_probe, node_type.says(|says| says.readiness), &fixed_ports),
        "livenessProbe": probe::build(&settings.liveness_probe, node_type.says(|says| says.liveness), &fixed_ports),
        "startupProbe": probe::build(&settings.startup_probe, node_type.says(|says| says.startup), &fixed_ports),
        "securityContext": security::main(node),
    });
    with_passed(container, given, PassedTo::Container)
}

/// Secrets first, so that what follows can refer to them by `$(NAME)`. What the custom resource sets by the same name wins.
fn env(node: &ResolvedNode, secrets: &[Secret]) -> Vec<Value> {
    let own = &node.spec.settings.env;
    let of_secrets = secrets.iter().filter_map(|secret| {
        let name = secret.env.filter(|name| !own.iter().any(|variable| variable.name == *name))?;
        Some(json!({ "name": name, "valueFrom": { "secretKeyRef": { "name": secret.name, "key": secret.key } } }))
    });
    of_secrets.chain(own.iter().map(|variable| json!(variable))).collect()
}
