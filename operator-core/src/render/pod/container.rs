//! The node's own container.

use serde_json::{Map, Value, json};

use super::{pass, probe, security, set};
use crate::{
    render::{ports, secrets::Secret},
    settings::{PassedTo, ResolvedNode},
};

/// `given` are the node's settings as JSON.
pub fn build(node: &ResolvedNode, given: &Value, secrets: &[Secret], mounts: Vec<Value>) -> Value {
    let settings = &node.spec.settings;
    let node_type = node.node_type;
    let ports: Vec<Value> = ports::of(node)
        .into_iter()
        .map(|port| json!({ "name": port.name, "containerPort": port.number, "protocol": port.protocol }))
        .collect();
    let mut container = Map::from_iter([("name".to_owned(), node_type.name.into())]);
    pass(&mut container, given, PassedTo::Container);
    set(&mut container, "command", json!(node.command));
    set(&mut container, "args", json!(node.args));
    set(&mut container, "env", env(node, secrets).into());
    set(&mut container, "ports", ports.into());
    set(&mut container, "volumeMounts", mounts.into());
    set(
        &mut container,
        "readinessProbe",
        probe::build(&settings.readiness_probe, node_type.says(|says| says.readiness)),
    );
    set(&mut container, "livenessProbe", probe::build(&settings.liveness_probe, node_type.says(|says| says.liveness)));
    set(&mut container, "startupProbe", probe::build(&settings.startup_probe, node_type.says(|says| says.startup)));
    set(&mut container, "securityContext", security::main(node));
    Value::Object(container)
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
