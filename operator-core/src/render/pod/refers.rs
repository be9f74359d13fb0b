//! Names of volumes and ports in the containers of the finished template: for one that doesn't exist, the API server would refuse the
//! workload, or its pods would never get ready.

use serde_json::Value;

use crate::settings::{Invalid, ResolvedNode};

/// Volumes and ports that containers name and the template doesn't have.
pub fn check(node: &ResolvedNode, template: &Value) -> Result<(), Vec<Invalid>> {
    let spec = template.get("spec").unwrap_or(&Value::Null);
    let claims = node.claims.iter().map(|claim| claim.name);
    let volumes: Vec<&str> = items(spec, "volumes").filter_map(name).chain(claims).collect();
    let mut errors = Vec::new();
    for list in ["initContainers", "containers"] {
        for container in items(spec, list) {
            let mut wrong = |field: &str, message: String| {
                errors.push(Invalid::new(format!("{}.{}", node.path, place(node, container, field)), message));
            };
            for mount in items(container, "volumeMounts") {
                let volume = name(mount).unwrap_or_default();
                if !volumes.contains(&volume) {
                    let path = mount.get("mountPath").and_then(Value::as_str).unwrap_or_default();
                    let there = list_of(&volumes);
                    let message = format!(
                        "`{path}` mounts the volume `{volume}`, which isn't there: add it to volumes; there are: {there}"
                    );
                    wrong("volumeMounts", message);
                }
            }
            let ports: Vec<&str> = items(container, "ports").filter_map(name).collect();
            for field in ["readinessProbe", "livenessProbe", "startupProbe"] {
                for port in named_ports(container, field).filter(|port| !ports.contains(port)) {
                    let message = format!("the container has no port `{port}`; it has: {}", list_of(&ports));
                    wrong(field, message);
                }
            }
        }
    }
    if errors.is_empty() { Ok(()) } else { Err(errors) }
}

/// Path of a container's field in the node.
fn place(node: &ResolvedNode, container: &Value, field: &str) -> String {
    let settings = &node.spec.settings;
    let called = name(container).unwrap_or_default();
    let among = |list: &[Value]| list.iter().any(|it| name(it) == Some(called));
    if called == node.node_type.name {
        field.to_owned()
    } else if among(&settings.sidecars) {
        format!("sidecars[{called}].{field}")
    } else if among(&settings.init_containers) {
        format!("initContainers[{called}].{field}")
    } else {
        format!("podOverrides.spec.containers[{called}].{field}")
    }
}

fn named_ports<'a>(container: &'a Value, probe: &str) -> impl Iterator<Item = &'a str> {
    let probe = container.get(probe);
    let port = move |kind: &str| probe?.get(kind)?.get("port")?.as_str();
    [port("httpGet"), port("tcpSocket")].into_iter().flatten()
}

fn items<'a>(map: &'a Value, list: &str) -> impl Iterator<Item = &'a Value> {
    map.get(list).and_then(Value::as_array).into_iter().flatten()
}

fn name(item: &Value) -> Option<&str> {
    item.get("name")?.as_str()
}

fn list_of(names: &[&str]) -> String {
    if names.is_empty() { "none".to_owned() } else { names.join(", ") }
}
