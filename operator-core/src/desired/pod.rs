//! The pod template of a node's workload.

use std::collections::BTreeMap;

use serde_json::{Map, Value, json};

use super::{
    files::File,
    names::{Names, cut},
};
use crate::{
    definition::{Check, Probe},
    hash::Digest,
    node::{Effective, EnvVar},
};

pub fn build(names: &Names<'_>, node: &Effective, files: &[&File], revision: &str) -> Value {
    let settings = &node.spec.settings;
    let mut labels: Map<String, Value> = strings(&settings.pod_labels);
    labels.extend(names.labels(Some((node.node_type.name, &node.name))));
    let mut annotations = strings(&settings.pod_annotations);
    annotations.insert(names.config_hash(), revision.into());

    let folders = folders(files);
    let mut spec = Map::new();
    spec.insert("containers".to_owned(), json!([container(node, &folders, revision)]));
    set(&mut spec, "volumes", folders.iter().map(|(mount, files)| volume(mount, files)).collect());
    set(&mut spec, "nodeSelector", Value::Object(strings(&settings.node_selector)));
    set(&mut spec, "tolerations", json!(settings.tolerations));
    set(&mut spec, "affinity", json!(settings.affinity));
    set(&mut spec, "priorityClassName", json!(settings.priority_class_name));
    set(&mut spec, "serviceAccountName", json!(settings.service_account_name));
    set(&mut spec, "terminationGracePeriodSeconds", json!(settings.termination_grace_period_seconds));
    json!({ "metadata": { "labels": labels, "annotations": annotations }, "spec": spec })
}

fn container(node: &Effective, folders: &BTreeMap<&str, Vec<&File>>, revision: &str) -> Value {
    let settings = &node.spec.settings;
    let node_type = node.node_type;
    let (template, place) = (&node_type.template, &node_type.place);
    let ports: Vec<Value> = node_type
        .ports()
        .iter()
        .map(|port| json!({ "name": port.name, "containerPort": port.number, "protocol": "TCP" }))
        .collect();
    let command = if place.command.is_empty() { template.command } else { place.command };
    let args = if place.args.is_empty() { template.args } else { place.args };
    let args: Vec<&str> = args.iter().copied().chain(settings.args.iter().flatten().map(String::as_str)).collect();
    let mut env: Vec<Value> = settings.env.iter().map(variable).collect();
    if let Some(name) = place.config_hash_env.or(template.config_hash_env) {
        env.insert(0, json!({ "name": name, "value": revision }));
    }
    let mounts: Vec<Value> = folders
        .keys()
        .map(|mount| json!({ "name": volume_name(mount), "mountPath": mount, "readOnly": true }))
        .chain(node.claims.iter().map(|claim| json!({ "name": claim.name, "mountPath": claim.mount })))
        .collect();

    let mut container = Map::new();
    container.insert("name".to_owned(), node_type.name.into());
    set(&mut container, "image", json!(settings.image));
    set(&mut container, "imagePullPolicy", json!(settings.image_pull_policy));
    set(&mut container, "command", json!(command));
    set(&mut container, "args", json!(args));
    set(&mut container, "env", env.into());
    set(&mut container, "ports", ports.into());
    set(&mut container, "resources", json!(settings.resources));
    set(&mut container, "volumeMounts", mounts.into());
    set(&mut container, "readinessProbe", probe(place.readiness.or(template.readiness)));
    set(&mut container, "livenessProbe", probe(place.liveness.or(template.liveness)));
    set(&mut container, "startupProbe", probe(place.startup.or(template.startup)));
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

fn folders<'a>(files: &[&'a File]) -> BTreeMap<&'static str, Vec<&'a File>> {
    let mut folders = BTreeMap::<_, Vec<_>>::new();
    for file in files {
        folders.entry(file.mount).or_default().push(*file);
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
