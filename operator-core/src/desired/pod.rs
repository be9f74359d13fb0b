//! The pod template of a node's workload.

use std::collections::BTreeMap;

use serde_json::{Map, Value, json};

use super::{
    files::File,
    names::{Names, cut},
    secrets::Secret,
};
use crate::{
    definition::{Check, Probe},
    hash::Digest,
    node::{Effective, EnvVar, Invalid},
};

pub fn build(names: &Names<'_>, node: &Effective, files: &[File], _secrets: &[Secret]) -> Result<Value, Vec<Invalid>> {
    let settings = &node.spec.settings;
    let mut labels: Map<String, Value> = strings(&settings.pod_labels);
    labels.extend(names.labels(Some((node.node_type.name, &node.name))));
    let annotations = strings(&settings.pod_annotations);

    let folders = folders(files);
    let mut spec = Map::new();
    spec.insert("containers".to_owned(), json!([container(node, &folders)]));
    set(&mut spec, "volumes", folders.iter().map(|(mount, files)| volume(mount, files)).collect());
    set(&mut spec, "nodeSelector", Value::Object(strings(&settings.node_selector)));
    set(&mut spec, "tolerations", json!(settings.tolerations));
    set(&mut spec, "affinity", json!(settings.affinity));
    set(&mut spec, "priorityClassName", json!(settings.priority_class_name));
    set(&mut spec, "serviceAccountName", json!(settings.service_account_name));
    set(&mut spec, "terminationGracePeriodSeconds", json!(settings.termination_grace_period_seconds));
    Ok(json!({ "metadata": { "labels": labels, "annotations": annotations }, "spec": spec }))
}

/// Puts the configuration hash into a finished template: an annotation, and a variable where the node type wants one.
pub fn stamp(names: &Names<'_>, node: &Effective, pod: &mut Value, revision: &str) {
    pod["metadata"]["annotations"][names.config_hash()] = revision.into();
    let containers = pod.pointer_mut("/spec/containers").and_then(Value::as_array_mut);
    let main = containers.into_iter().flatten().find(|container| container["name"] == node.node_type.name);
    if let (Some(variable), Some(main)) = (node.node_type.says(|says| says.config_hash_env), main) {
        let variable = json!({ "name": variable, "value": revision });
        match main.get_mut("env").and_then(Value::as_array_mut) {
            Some(env) => env.insert(0, variable),
            None => main["env"] = json!([variable]),
        }
    }
}

fn container(node: &Effective, folders: &BTreeMap<&str, Vec<&File>>) -> Value {
    let settings = &node.spec.settings;
    let node_type = node.node_type;
    let ports: Vec<Value> = node_type
        .ports()
        .iter()
        .map(|port| json!({ "name": port.name, "containerPort": port.number, "protocol": port.protocol.as_str() }))
        .collect();
    let env: Vec<Value> = settings.env.iter().map(variable).collect();
    let mounts: Vec<Value> = folders
        .keys()
        .map(|mount| json!({ "name": volume_name(mount), "mountPath": mount, "readOnly": true }))
        .chain(node.claims.iter().map(|claim| json!({ "name": claim.name, "mountPath": claim.mount })))
        .collect();

    let mut container = Map::new();
    container.insert("name".to_owned(), node_type.name.into());
    set(&mut container, "image", json!(settings.image));
    set(&mut container, "imagePullPolicy", json!(settings.image_pull_policy));
    set(&mut container, "command", json!(node.command));
    set(&mut container, "args", json!(node.args));
    set(&mut container, "env", env.into());
    set(&mut container, "ports", ports.into());
    set(&mut container, "resources", json!(settings.resources));
    set(&mut container, "volumeMounts", mounts.into());
    set(&mut container, "readinessProbe", probe(node_type.says(|says| says.readiness)));
    set(&mut container, "livenessProbe", probe(node_type.says(|says| says.liveness)));
    set(&mut container, "startupProbe", probe(node_type.says(|says| says.startup)));
    Value::Object(container)
}

/// With what the API server would default: a field reference is atomic, so it is compared as a whole.
fn variable(variable: &EnvVar) -> Value {
    let mut json = json!(variable);
    if let Some(reference) = json.pointer_mut("/valueFrom/fieldRef") {
        reference["apiVersion"] = "v1".into();
    }
    json
}

/// What says nothing isn't sent: it would be owned for nothing.
fn set(map: &mut Map<String, Value>, key: &str, value: Value) {
    let empty = match &value {
        Value::Null => true,
        Value::Array(items) => items.is_empty(),
        Value::Object(fields) => fields.is_empty(),
        _ => false,
    };
    if !empty {
        map.insert(key.to_owned(), value);
    }
}

fn probe(probe: Option<Probe>) -> Value {
    let Some(probe) = probe else { return Value::Null };
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

fn folders(files: &[File]) -> BTreeMap<&'static str, Vec<&File>> {
    let mut folders = BTreeMap::<_, Vec<_>>::new();
    for file in files {
        folders.entry(file.mount).or_default().push(file);
    }
    folders
}

/// One volume per folder, whichever ConfigMaps its files are in.
fn volume(mount: &str, files: &[&File]) -> Value {
    let sources: Vec<Value> = files.iter().map(|file| json!({ "configMap": { "name": file.config_map } })).collect();
    json!({ "name": volume_name(mount), "projected": { "sources": sources } })
}

/// `config-opt-druid-conf`; the hash tells apart folders whose names differ in what a label can't hold.
fn volume_name(mount: &str) -> String {
    let readable: String =
        mount.to_ascii_lowercase().chars().map(|c| if c.is_ascii_alphanumeric() { c } else { '-' }).collect();
    let readable = format!("config-{}", readable.trim_matches('-'));
    let plain = format!("/{}", readable.trim_start_matches("config-").replace('-', "/")) == mount;
    if plain { cut(&readable, 63) } else { format!("{}-{}", cut(&readable, 52), Digest::of(&mount.into()).short()) }
}

fn strings(map: &BTreeMap<String, String>) -> Map<String, Value> {
    map.iter().map(|(key, value)| (key.clone(), value.as_str().into())).collect()
}
