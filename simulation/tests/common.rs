//! Requests as an operator sends them.

use http::Request;
use operator_simulation::ApiServer;
use serde_json::{Value, json};

/// Sends a request. Returns code and body.
pub fn send(server: &mut ApiServer, method: &str, content: &str, path: &str, body: &Value) -> (u16, Value) {
    let body = if body.is_null() { Vec::new() } else { body.to_string().into_bytes() };
    let request = Request::builder().method(method).uri(path).header("content-type", content).body(body).unwrap();
    let response = server.handle(&request);
    (response.status().as_u16(), serde_json::from_slice(response.body()).unwrap())
}

pub fn apply(server: &mut ApiServer, path: &str, manager: &str, force: bool, body: &Value) -> (u16, Value) {
    let path = format!("{path}?fieldManager={manager}&force={force}");
    send(server, "PATCH", "application/apply-patch+yaml", &path, body)
}

pub fn patch(server: &mut ApiServer, path: &str, manager: &str, body: &Value) -> (u16, Value) {
    send(server, "PATCH", "application/merge-patch+json", &format!("{path}?fieldManager={manager}"), body)
}

pub fn get(server: &mut ApiServer, path: &str) -> (u16, Value) {
    send(server, "GET", "", path, &Value::Null)
}

pub fn delete(server: &mut ApiServer, path: &str, options: &Value) -> (u16, Value) {
    send(server, "DELETE", "application/json", path, options)
}

/// A workload of one container with the label `app: <name>`.
pub fn workload(kind: &str, name: &str, replicas: u32) -> Value {
    let labels = json!({ "app": name });
    json!({
        "apiVersion": "apps/v1", "kind": kind, "metadata": { "name": name, "labels": labels },
        "spec": {
            "replicas": replicas, "selector": { "matchLabels": labels },
            "template": {
                "metadata": { "labels": labels },
                "spec": { "containers": [{ "name": "main", "image": "example.com/main:1" }] },
            },
        },
    })
}
