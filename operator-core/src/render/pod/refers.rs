//! Names of volumes and ports in the containers of the finished template: for one that doesn't exist, the API server would refuse the
//! workload, or its pods would never get ready.

use serde_json::Value;

use crate::settings::{
    Invalid, ResolvedNode,
    json::{at, listed, name},
};

/// Volumes and ports that containers name and the template doesn't have.
pub fn check(node: &ResolvedNode, template: &Value) -> Result<(), Vec<Invalid>> {
    let claims = node.claims.iter().map(|claim| claim.name);
    let volumes: Vec<&str> = names(template, "spec.volumes.*").chain(claims).collect();
    let mut errors = Vec::new();
    let lists = ["initContainers", "containers"].into_iter();
    let containers =
        lists.flat_map(|list| at(template, &format!("spec.{list}.*")).into_iter().map(move |it| (list, it)));
    for (list, container) in containers {
        let mut wrong = |field: &str, message: String| {
            errors.push(node.invalid(&super::place(node, list, name(container), field), message));
        };
        for mount in at(container, "volumeMounts.*") {
            let volume = name(mount);
            if !volumes.contains(&volume) {
                let path = mount.get("mountPath").and_then(Value::as_str).unwrap_or_default();
                let message = format!("`{path}` mounts the volume `{volume}`, which isn't there: add it to volumes");
                wrong("volumeMounts", format!("{message}; there are: {}", listed(volumes.iter().copied())));
            }
        }
        let ports: Vec<&str> = names(container, "ports.*").collect();
        for field in ["readinessProbe", "livenessProbe", "startupProbe"] {
            let named = at(container, &format!("{field}.httpGet|tcpSocket.port")).into_iter().filter_map(Value::as_str);
            for port in named.filter(|port| !ports.contains(port)) {
                let ports = listed(ports.iter().copied());
                wrong(field, format!("the container has no port `{port}`; it has: {ports}"));
            }
        }
    }
    if errors.is_empty() { Ok(()) } else { Err(errors) }
}

fn names<'a>(value: &'a Value, path: &str) -> impl Iterator<Item = &'a str> {
    at(value, path).into_iter().map(name).filter(|name| !name.is_empty())
}
