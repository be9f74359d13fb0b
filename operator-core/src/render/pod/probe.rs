//! Probes: the custom resource's, else the node type's.

use serde_json::{Value, json};

use crate::definition::{Check, Probe};

/// `{}` in the custom resource turns the node type's off.
pub fn build(own: &Option<Box<k8s_openapi::api::core::v1::Probe>>, fixed: Option<Probe>) -> Value {
    if own.is_some() {
        return json!(own);
    }
    let Some(probe) = fixed else { return Value::Null };
    let mut json = match probe.check {
        Check::Http { path, port } => json!({ "httpGet": { "path": path, "port": port } }),
        Check::Tcp { port } => json!({ "tcpSocket": { "port": port } }),
        Check::Exec { command } => json!({ "exec": { "command": command } }),
    };
    for (key, value) in [
        ("periodSeconds", probe.period),
        ("timeoutSeconds", probe.timeout),
        ("failureThreshold", probe.failures),
        ("initialDelaySeconds", probe.delay),
    ] {
        if let Some(value) = value {
            json[key] = value.into();
        }
    }
    json
}
