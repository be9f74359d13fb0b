//! What the API server refuses to store.
//!
//! Source: `pkg/apis/*/validation/validation.go` of Kubernetes 1.36; only what an operator meets.

use serde_json::Value;

use crate::{
    fields::{Place, Rule, element},
    json::{items, text},
    kind::Kind,
    status::{Cause, Status},
};

/// Checks an object against the stored one, if there is one.
///
/// # Errors
/// 422 with all causes.
pub fn check(kind: &Kind, live: Option<&Value>, new: &Value) -> Result<(), Status> {
    let mut causes = Vec::new();
    if let Some(live) = live {
        fixed_metadata(live, new, &mut causes);
        if kind.is_built_in() {
            immutable(kind, live, new, &mut causes);
        }
    }
    if kind.is_built_in() {
        let place = kind.place();
        duplicates(new, &place, "", &mut causes);
        names(kind, new, &mut causes);
    }
    if causes.is_empty() { Ok(()) } else { Err(Status::invalid(&kind.shown(), text(new, "/metadata/name"), &causes)) }
}

/// Checks what an apply leaves of a custom object: a map or list from which it took the last field or item is null then, even where it
/// names it as empty, and null has no type. Source: `doMap` and `doList` of `typed/remove.go` of structured-merge-diff.
///
/// # Errors
/// 422 with all causes.
pub fn check_emptied(kind: &Kind, config: &Value, new: &Value, live: &Value) -> Result<(), Status> {
    let mut causes = Vec::new();
    if !kind.is_built_in() {
        emptied(Some(config), new, live, "", &mut causes);
    }
    if causes.is_empty() { Ok(()) } else { Err(Status::invalid(&kind.shown(), text(new, "/metadata/name"), &causes)) }
}

fn emptied(config: Option<&Value>, new: &Value, live: &Value, path: &str, causes: &mut Vec<Cause>) {
    match new {
        Value::Object(map) => {
            // Go decodes metadata, and knows nothing of null.
            for (name, new) in map.iter().filter(|(name, _)| !(path.is_empty() && *name == "metadata")) {
                let path = if path.is_empty() { name.clone() } else { format!("{path}.{name}") };
                let config = config.and_then(|config| config.get(name));
                emptied(config, new, live.get(name).unwrap_or(&Value::Null), &path, causes);
            }
        }
        Value::Null if !config.is_some_and(Value::is_null) => {
            let wanted = if live.is_array() { "array" } else { "object" };
            let message = format!("Invalid value: \"null\": {path} in body must be of type {wanted}: \"null\"");
            causes.push(("FieldValueTypeInvalid", path.to_owned(), message));
        }
        _ => {}
    }
}

fn fixed_metadata(live: &Value, new: &Value, causes: &mut Vec<Cause>) {
    for field in ["name", "namespace", "uid"] {
        let pointer = format!("/metadata/{field}");
        if live.pointer(&pointer) != new.pointer(&pointer) {
            causes.push(fixed(new, &pointer, "field is immutable"));
        }
    }
}

fn fixed(new: &Value, pointer: &str, message: &str) -> Cause {
    let value = new.pointer(pointer).cloned().unwrap_or_default();
    (
        "FieldValueInvalid",
        pointer.trim_start_matches('/').replace('/', "."),
        format!("Invalid value: {value}: {message}"),
    )
}

fn immutable(kind: &Kind, live: &Value, new: &Value, causes: &mut Vec<Cause>) {
    let changed = |pointer: &str| live.pointer(pointer) != new.pointer(pointer);
    let mut fixed_fields = |pointers: &[&str], message: &str| {
        causes.extend(pointers.iter().filter(|pointer| changed(pointer)).map(|pointer| fixed(new, pointer, message)));
    };
    match kind.kind.as_str() {
        "Deployment" | "ReplicaSet" | "DaemonSet" => fixed_fields(&["/spec/selector"], "field is immutable"),
        "Job" => fixed_fields(&["/spec/selector", "/spec/completionMode", "/spec/template"], "field is immutable"),
        "RoleBinding" => fixed_fields(&["/roleRef"], "cannot change roleRef"),
        "PersistentVolumeClaim" => claim(live, new, causes),
        "StatefulSet" => stateful_set(live, new, causes),
        "Service" if changed("/spec/clusterIPs") && text(live, "/spec/type") != "ExternalName" => {
            let value = new.pointer("/spec/clusterIPs").cloned().unwrap_or_default();
            let message = format!("Invalid value: {value}: may not change once set");
            causes.push(("FieldValueInvalid", "spec.clusterIPs[0]".to_owned(), message));
        }
        "ConfigMap" | "Secret" => {
            if kind.kind == "Secret" {
                fixed_fields(&["/type"], "field is immutable");
            }
            if live.get("immutable") == Some(&Value::Bool(true)) {
                for field in ["immutable", "data", "binaryData"].iter().filter(|field| changed(&format!("/{field}"))) {
                    let message = "Forbidden: field is immutable when `immutable` is set";
                    causes.push(("FieldValueForbidden", (*field).to_owned(), message.to_owned()));
                }
            }
        }
        _ => {}
    }
}

fn stateful_set(live: &Value, new: &Value, causes: &mut Vec<Cause>) {
    const FREE: [&str; 7] = [
        "replicas",
        "ordinals",
        "template",
        "updateStrategy",
        "revisionHistoryLimit",
        "persistentVolumeClaimRetentionPolicy",
        "minReadySeconds",
    ];
    if others(live, &FREE) != others(new, &FREE) {
        let message = "Forbidden: updates to statefulset spec for fields other than 'replicas', 'ordinals', 'template', \
            'updateStrategy', 'revisionHistoryLimit', 'persistentVolumeClaimRetentionPolicy' and 'minReadySeconds' are forbidden";
        causes.push(("FieldValueForbidden", "spec".to_owned(), message.to_owned()));
    }
}

fn claim(live: &Value, new: &Value, causes: &mut Vec<Cause>) {
    const FREE: [&str; 3] = ["resources", "volumeName", "volumeAttributesClassName"];
    if others(live, &FREE) != others(new, &FREE) {
        let message = "Forbidden: spec is immutable after creation except resources.requests and volumeAttributesClassName \
            for bound claims";
        causes.push(("FieldValueForbidden", "spec".to_owned(), message.to_owned()));
    }
}

fn others<'a>(object: &'a Value, free: &[&str]) -> Vec<(&'a String, &'a Value)> {
    let spec = object.get("spec").and_then(Value::as_object).into_iter().flatten();
    spec.filter(|(field, _)| !free.contains(&field.as_str())).collect()
}

/// List items of one key.
fn duplicates(value: &Value, place: &Place<'_>, path: &str, causes: &mut Vec<Cause>) {
    match value {
        Value::Object(map) if place.rule() != Some(Rule::Atomic) => {
            for (name, value) in map {
                let path = if path.is_empty() { name.clone() } else { format!("{path}.{name}") };
                duplicates(value, &place.field(name), &path, causes);
            }
        }
        Value::Array(items) => {
            let Some(rule @ Rule::Keys(keys)) = place.rule() else { return };
            let mut seen = Vec::new();
            for (at, item) in items.iter().enumerate() {
                let key = element(rule, item);
                if seen.contains(&key) {
                    let (field, value) = match keys {
                        [key] => (format!("{path}[{at}].{key}"), item.get(key).cloned().unwrap_or_default()),
                        _ => (format!("{path}[{at}]"), item.clone()),
                    };
                    causes.push(("FieldValueDuplicate", field, format!("Duplicate value: {value}")));
                }
                seen.push(key);
                duplicates(item, &place.item(), &format!("{path}[{at}]"), causes);
            }
        }
        _ => {}
    }
}

/// Names of ports, which aren't keys, and are unique all the same.
fn names(kind: &Kind, object: &Value, causes: &mut Vec<Cause>) {
    let spec = match kind.kind.as_str() {
        "Service" => {
            port_names(items(object, "/spec/ports"), "spec.ports", causes);
            return;
        }
        "Pod" => "/spec",
        "StatefulSet" | "Deployment" | "ReplicaSet" | "DaemonSet" | "Job" => "/spec/template/spec",
        _ => return,
    };
    let dotted = spec.trim_start_matches('/').replace('/', ".");
    let containers = items(object, &format!("{spec}/containers"));
    if containers.is_empty() {
        causes.push(("FieldValueRequired", format!("{dotted}.containers"), "Required value".to_owned()));
    }
    for (at, container) in containers.iter().enumerate() {
        port_names(items(container, "/ports"), &format!("{dotted}.containers[{at}].ports"), causes);
    }
    if kind.kind == "Pod" || kind.kind == "Job" {
        return;
    }
    let wanted = object.pointer("/spec/selector/matchLabels").and_then(Value::as_object);
    let labels = object.pointer("/spec/template/metadata/labels");
    let differs = |(key, value): (&String, &Value)| labels.and_then(|labels| labels.get(key)) != Some(value);
    if wanted.into_iter().flatten().any(differs) {
        let value = labels.cloned().unwrap_or_default();
        let message = format!("Invalid value: {value}: `selector` does not match template `labels`");
        causes.push(("FieldValueInvalid", "spec.template.metadata.labels".to_owned(), message));
    }
}

fn port_names(ports: &[Value], path: &str, causes: &mut Vec<Cause>) {
    for (at, port) in ports.iter().enumerate() {
        let name = text(port, "/name");
        if name.is_empty() && ports.len() > 1 && path == "spec.ports" {
            causes.push(("FieldValueRequired", format!("{path}[{at}].name"), "Required value".to_owned()));
        } else if !name.is_empty() && ports.iter().take(at).any(|other| text(other, "/name") == name) {
            causes.push(("FieldValueDuplicate", format!("{path}[{at}].name"), format!("Duplicate value: {name:?}")));
        }
    }
}
