//! Probes: the custom resource's, else the node type's.

use serde_json::{Value, json};

use crate::definition::{Check, Probe};

/// `{}` in the custom resource turns the node type's off.
pub fn build(own: &Option<Box<k8s_openapi::api::core::v1::Probe>>, fixed: Option<Probe>) -> Value {
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
        Check::Http { path, port } => json["httpGet"] = json!({ "path": path, "port": port }),
        Check::Tcp { port } => json["tcpSocket"] = json!({ "port": port }),
        Check::Exec { command } => json["exec"] = json!({ "command": command }),
    }
    json
}
