//! The pod template of a node's workload.
//!
//! | module | holds |
//! | --- | --- |
//! | `container`, `probe` | the node's own container |
//! | `volumes` | volumes and mounts |
//! | `security` | how pods are confined |
//! | `spread` | how they are spread over zones and hosts |
//! | `overrides`, `strategic` | `podOverrides`: what they may change, and how they are merged |
//! | `refers` | whether volumes and ports that containers name exist |

mod container;
mod overrides;
mod probe;
mod refers;
mod security;
mod spread;
mod strategic;
mod volumes;

use std::collections::BTreeMap;

use serde_json::{Map, Value, json};

use super::{files::File, names::Names, normal, secrets::Secret};
use crate::settings::{Invalid, PassedTo, ResolvedNode, SETTINGS};
pub use security::containers;

/// The template without the configuration hash, which is computed after the author's hook.
pub fn build(
    names: &Names<'_>,
    node: &ResolvedNode,
    files: &[File],
    secrets: &[Secret],
) -> Result<Value, Vec<Invalid>> {
    let settings = &node.spec.settings;
    let built = volumes::build(node, files, secrets)?;
    let mut labels = strings(&settings.pod_labels);
    labels.extend(names.labels(Some((node.node_type.name, &node.name))));
    let given = json!(settings);
    let mut containers = vec![container::build(node, &given, secrets, built.mounts)];
    containers.extend(settings.sidecars.iter().cloned());

    let mut spec = Map::from_iter([("containers".to_owned(), containers.into())]);
    pass(&mut spec, &given, PassedTo::PodSpec);
    set(&mut spec, "volumes", built.volumes.into());
    set(&mut spec, "securityContext", security::pod(node));
    set(&mut spec, "serviceAccountName", service_account(names, node).into());
    set(&mut spec, "automountServiceAccountToken", json!(automount(node)));
    set(&mut spec, "topologySpreadConstraints", spread::build(names, node).into());

    let annotations = strings(&settings.pod_annotations);
    let mut template = json!({ "metadata": { "labels": labels, "annotations": annotations }, "spec": spec });
    security::confine(node, &mut template, &[node.node_type.name.to_owned()]);
    let known = security::containers(&template);
    overrides::apply(names, node, &mut template)?;
    refers::check(node, &template)?;
    security::confine(node, &mut template, &known);
    normal::template(&mut template);
    Ok(template)
}

/// Finishes the template after the author's hook: confines containers that it added, restores the operator's labels, and makes all canonical.
pub fn finish(names: &Names<'_>, node: &ResolvedNode, template: &mut Value, known: &[String]) {
    security::confine(node, template, known);
    put(template, "labels", names.labels(Some((node.node_type.name, &node.name))));
    normal::template(template);
}

/// The node's own container.
pub fn main<'a>(node: &ResolvedNode, template: &'a Value) -> Option<&'a Value> {
    let containers = template.get("spec")?.get("containers")?.as_array()?;
    containers.iter().find(|container| container["name"] == node.node_type.name)
}

/// The ServiceAccount in the custom resource; else the node's own where it has rights, else `default`.
///
/// It is always sent: under server-side apply, the deprecated field `serviceAccount` would keep a name that is removed.
fn service_account(names: &Names<'_>, node: &ResolvedNode) -> String {
    let own = || if node.node_type.rules().is_empty() { "default".to_owned() } else { names.node(&node.name) };
    node.spec.settings.service_account_name.clone().unwrap_or_else(own)
}

/// A token is mounted for the rights that the operator grants. For other rights, the custom resource asks for one.
fn automount(node: &ResolvedNode) -> bool {
    let needed = !node.node_type.rules().is_empty();
    node.spec.settings.automount_service_account_token.unwrap_or(needed)
}

/// Puts labels or annotations into a template, over what is there.
fn put(template: &mut Value, field: &str, entries: Map<String, Value>) {
    let Some(template) = template.as_object_mut() else { return };
    let metadata = template.entry("metadata").or_insert_with(|| json!({}));
    let Some(metadata) = metadata.as_object_mut() else { return };
    if let Some(map) = metadata.entry(field).or_insert_with(|| json!({})).as_object_mut() {
        map.extend(entries);
    }
}

/// Copies the settings that go to `place` without change.
fn pass(map: &mut Map<String, Value>, given: &Value, place: PassedTo) {
    for setting in SETTINGS.iter().filter(|setting| setting.passed_to == place) {
        set(map, setting.name, given.get(setting.name).cloned().unwrap_or_default());
    }
}

/// Empty values aren't sent: the operator would own the field for nothing.
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

fn strings(map: &BTreeMap<String, String>) -> Map<String, Value> {
    map.iter().map(|(key, value)| (key.clone(), value.as_str().into())).collect()
}
