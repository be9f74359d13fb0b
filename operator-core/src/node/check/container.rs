//! What is wrong with the settings of a node's container.

use k8s_openapi::{api::core::v1::Probe, apimachinery::pkg::util::intstr::IntOrString};
use serde_json::Value;

use super::{Checked, list, name};
use crate::node::EnvVar;

pub fn check(node: &mut Checked<'_>) {
    let settings = &node.spec.settings;
    if settings.image.as_deref().unwrap_or_default().is_empty() {
        node.wrong("image", "no image: set it here, in a config group, or for the whole cluster");
    }
    resources(node);
    environment(node);
    ports(node);
    for (field, probe) in [
        ("readinessProbe", &settings.readiness_probe),
        ("livenessProbe", &settings.liveness_probe),
        ("startupProbe", &settings.startup_probe),
    ] {
        for port in probe.as_deref().into_iter().flat_map(named_ports) {
            node.port_is_there(field, port);
        }
    }
    mounts(node);
}

fn resources(node: &mut Checked<'_>) {
    for (name, request) in node.spec.settings.resources.iter().flat_map(|resources| &resources.requests) {
        if let Some(limit) = node.spec.settings.resources.as_ref().and_then(|resources| resources.limits.get(name))
            && request > limit
        {
            node.wrong(
                "resources",
                format!("the {name} request {request} is above the limit {limit} (after merging all layers)"),
            );
        }
    }
}

fn environment(node: &mut Checked<'_>) {
    for EnvVar { name, value, value_from } in &node.spec.settings.env {
        if name.is_empty() || !name.chars().all(|c| c.is_ascii_graphic() && c != '=') {
            node.wrong("env", format!("`{name}` can't be the name of an environment variable"));
        }
        if value.is_some() && value_from.is_some() {
            node.wrong("env", format!("`{name}` has both value and valueFrom; drop one"));
        }
    }
}

fn ports(node: &mut Checked<'_>) {
    let ports = node.ports();
    for (index, (name, number, protocol)) in ports.iter().enumerate().skip(node.node_type.ports().len()) {
        let earlier = ports.iter().take(index);
        for (other, _, _) in earlier.clone().filter(|(other, _, _)| other == name) {
            node.wrong("ports", format!("`{other}` is a port of the operator's: give yours another name"));
        }
        for (other, _, _) in earlier.filter(|(other, taken, of)| taken == number && of == protocol && other != name) {
            node.wrong("ports", format!("`{name}` has the number of the port `{other}`, {number}: use another"));
        }
    }
}

fn named_ports(probe: &Probe) -> impl Iterator<Item = &str> {
    let http = probe.http_get.as_ref().map(|http| &http.port);
    let tcp = probe.tcp_socket.as_ref().map(|tcp| &tcp.port);
    http.into_iter().chain(tcp).filter_map(|port| match port {
        IntOrString::String(name) => Some(name.as_str()),
        IntOrString::Int(_) => None,
    })
}

fn mounts(node: &mut Checked<'_>) {
    let settings = &node.spec.settings;
    let storage = node.node_type.storage();
    let overrides = settings.pod_overrides.as_ref().and_then(|pod| pod.pointer("/spec/volumes"));
    let volumes: Vec<&str> = settings
        .volumes
        .iter()
        .chain(overrides.and_then(Value::as_array).into_iter().flatten())
        .map(name)
        .chain(storage.iter().map(|storage| storage.name))
        .collect();
    for mount in &settings.volume_mounts {
        let path = &mount.mount_path;
        if !volumes.contains(&mount.name.as_str()) {
            let (volume, there) = (&mount.name, list(volumes.iter().copied()));
            node.wrong(
                "volumeMounts",
                format!(
                    "`{path}` mounts the volume `{volume}`, which isn't there: add it to volumes; there are: {there}"
                ),
            );
        }
    }
}
