//! Probes: the custom resource's, else the node type's.

use serde_json::{Value, json};

use crate::definition::{Check, Port, Probe, Protocol};

/// A probe over HTTP that names no port asks the first of `ports`, which are the node type's. `{}` in the custom resource turns the node type's off.
pub fn build(own: &Option<Box<k8s_openapi::api::core::v1::Probe>>, fixed: Option<Probe>, ports: &[Port]) -> Value {
    if own.is_some() {
        return json!(own);
    }
    let Some(probe) = fixed else { return Value::Null };
    let mut json = json!({
        "periodSeconds": probe.period,
        "timeoutSeconds": probe.timeout,
        "failureThreshold": probe.failures,
        "initialDelaySeconds": probe.delay,
    });
    match probe.check {
        Check::Http { path, port } => {
            let port =
                port.or_else(|| ports.iter().find(|port| port.protocol == Protocol::Tcp).map(|first| first.name));
            json["httpGet"] = json!({ "path": path, "port": port });
        }
        Check::Tcp { port } => json["tcpSocket"] = json!({ "port": port }),
        Check::Exec { command } => json["exec"] = json!({ "command": command }),
    }
    json
}
