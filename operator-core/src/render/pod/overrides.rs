//! `podOverrides`: patches of the finished pod template, one of each layer of settings. A patch that would break the operator's own wiring is
//! refused.

use serde_json::Value;

use super::strategic;
use crate::{
    render::names::Names,
    settings::{Invalid, ResolvedNode, json::joined},
};

/// Applies the node's `podOverrides` to `template`, the lowest layer's first.
pub fn apply(names: &Names<'_>, node: &ResolvedNode, template: &mut Value) -> Result<(), Vec<Invalid>> {
    let patches = &node.pod_overrides;
    if patches.is_empty() {
        return Ok(());
    }
    let mut wrong: Vec<Invalid> = patches.iter().flat_map(|patch| wiring(names, patch)).collect();
    if wrong.is_empty() {
        wrong.extend(patches.iter().try_for_each(|patch| strategic::patch(template, patch)).err());
    }
    if wrong.is_empty() {
        wrong = broken(names, node, template);
    }
    let in_node = |wrong: Invalid| node.invalid(&joined("podOverrides", &wrong.path), wrong.message);
    if wrong.is_empty() { Ok(()) } else { Err(wrong.into_iter().map(in_node).collect()) }
}

/// Fields that a patch must not have.
fn wiring(names: &Names<'_>, patch: &Value) -> Vec<Invalid> {
    let mut wrong = Vec::new();
    let fields = patch.as_object().into_iter().flatten().map(|(key, _)| key.as_str());
    for field in fields.filter(|field| !field.starts_with('$') && !["metadata", "spec"].contains(field)) {
        wrong.push(Invalid::new(field, "a pod template has `metadata` and `spec`"));
    }
    let metadata = |field: &str| patch.get("metadata").and_then(|metadata| metadata.get(field));
    for field in ["name", "generateName", "namespace"] {
        if metadata(field).is_some() {
            wrong.push(Invalid::new(format!("metadata.{field}"), "pods are named by their workload; drop it"));
        }
    }
    let hash = names.config_hash();
    if metadata("annotations").and_then(|annotations| annotations.get(&hash)).is_some() {
        wrong.push(Invalid::new(format!("metadata.annotations.{hash}"), "is the operator's own; use another key"));
    }
    wrong
}

/// Parts of the template that a patch must not change.
fn broken(names: &Names<'_>, node: &ResolvedNode, template: &Value) -> Vec<Invalid> {
    let mut wrong = Vec::new();
    let labels = template.get("metadata").and_then(|metadata| metadata.get("labels"));
    for (label, value) in names.labels(Some(node)) {
        if labels.and_then(|labels| labels.get(&label)) != Some(&value) {
            let message = "is the operator's own: pods are selected by it; leave it as it is";
            wrong.push(Invalid::new(format!("metadata.labels.{label}"), message));
        }
    }
    let main = node.node_type.container();
    if super::container(template, main).is_none() {
        let message = format!("`{main}` is the node's own container; it can be changed, not removed");
        wrong.push(Invalid::new("spec.containers", message));
    }
    wrong
}
