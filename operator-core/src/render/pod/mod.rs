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

use serde_json::{Value, json};

use super::{files::File, names::Names, normal, secrets::Secret};
use crate::settings::{
    Invalid, PassedTo, ResolvedNode, SETTINGS,
    json::{at, fields, is_empty, name, without_empty},
    unknown::below,
};
pub use security::{confine, confine_all, containers, restricted};

/// The template without the configuration hash, which is computed after the author's hook.
pub fn build(
    names: &Names<'_>,
    node: &ResolvedNode,
    files: &[File],
    secrets: &[Secret],
) -> Result<Value, Vec<Invalid>> {
    let settings = &node.spec.settings;
    let built = volumes::build(node, files, secrets)?;
    let mut labels = fields(json!(settings.pod_labels));
    labels.extend(names.labels(Some(node)));
    let given = json!(settings);
    let mut containers = vec![container::build(node, &given, secrets, built.mounts)];
    containers.extend(settings.sidecars.iter().cloned());

    let spec = json!({
        "containers": containers,
        "volumes": built.volumes,
        "securityContext": security::pod(node),
        "serviceAccountName": service_account(names, node),
        "automountServiceAccountToken": automount(node),
        "topologySpreadConstraints": spread::build(names, node),
    });
    let metadata = json!({ "labels": labels, "annotations": settings.pod_annotations });
    let mut template = json!({ "metadata": metadata, "spec": with_passed(spec, &given, PassedTo::PodSpec) });
    security::confine(restricted(node), &mut template, &[node.node_type.container().to_owned()]);
    let known = security::containers(&template);
    overrides::apply(names, node, &mut template)?;
    refers::check(node, &template)?;
    security::confine(restricted(node), &mut template, &known);
    normal::template(&mut template);
    Ok(template)
}

/// The container of this name.
pub fn container<'a>(template: &'a Value, called: &str) -> Option<&'a Value> {
    at(template, "spec.containers.*").into_iter().find(|container| name(container) == called)
}

/// Path in the node of a field of its pods: of an item of one of their lists, or where `list` is empty, of their spec.
pub fn place(node: &ResolvedNode, list: &str, item: &str, field: &str) -> String {
    let items = if list.is_empty() { "spec".to_owned() } else { format!("spec.{list}.*") };
    let top = field.split(['.', '[']).next().unwrap_or_default();
    let patches = node.pod_overrides.iter().flat_map(|patch| at(patch, &items));
    let is_patched = patches.into_iter().any(|it| it.get(top).is_some() && (list.is_empty() || name(it) == item));
    match (list, is_patched) {
        ("", true) => format!("podOverrides.spec.{field}"),
        (_, true) => format!("podOverrides.spec.{list}[{item}].{field}"),
        ("", _) if top == "securityContext" => field.replacen(top, "podSecurityContext", 1),
        ("", _) => field.to_owned(),
        ("containers", _) if item == node.node_type.container() => field.to_owned(),
        ("containers", _) => format!("sidecars[{item}].{field}"),
        _ => format!("{list}[{item}].{field}"),
    }
}

/// Path in the node of what stands at a pointer in the template of its pods.
pub fn place_of(node: &ResolvedNode, template: &Value, pointer: &str) -> String {
    let Some(field) = pointer.strip_prefix("/spec") else { return below("podOverrides".to_owned(), pointer) };
    let item = field.splitn(4, '/').collect::<Vec<_>>();
    let named = |list: &str, index: &str| template["spec"].get(list)?.get(index.parse::<usize>().ok()?).map(name);
    match item[..] {
        [_, list, index, rest] if named(list, index).is_some_and(|name| !name.is_empty()) => {
            place(node, list, named(list, index).unwrap_or_default(), &below(String::new(), &format!("/{rest}")))
        }
        _ => place(node, "", "", &below(String::new(), field)),
    }
}

/// The ServiceAccount of a node's pods where the custom resource names none: one for the node where it has rights, else `default`.
pub fn own_account(names: &Names<'_>, node: &ResolvedNode) -> String {
    if node.node_type.rules().is_empty() { "default".to_owned() } else { names.node(&node.name) }
}

/// It is always sent: under server-side apply, the deprecated field `serviceAccount` would keep a name that is removed.
fn service_account(names: &Names<'_>, node: &ResolvedNode) -> String {
    node.spec.settings.service_account_name.clone().unwrap_or_else(|| own_account(names, node))
}

/// A token is mounted for the rights that the operator grants. For other rights, the custom resource asks for one.
fn automount(node: &ResolvedNode) -> bool {
    let needed = !node.node_type.rules().is_empty();
    node.spec.settings.automount_service_account_token.unwrap_or(needed)
}

/// Puts labels or annotations into an object's metadata, over what is there.
pub fn put(object: &mut Value, field: &str, entries: impl IntoIterator<Item = (String, Value)>) {
    let Some(object) = object.as_object_mut() else { return };
    let metadata = object.entry("metadata").or_insert_with(|| json!({}));
    let Some(metadata) = metadata.as_object_mut() else { return };
    if let Some(map) = metadata.entry(field).or_insert_with(|| json!({})).as_object_mut() {
        map.extend(entries);
    }
}

/// Adds the settings that go to `place` without change. Empty values aren't sent: the operator would own the field without need.
fn with_passed(built: Value, given: &Value, place: PassedTo) -> Value {
    let mut fields = without_empty(built);
    let passed = SETTINGS.iter().filter(|setting| setting.passed_to == place);
    let passed = passed.filter_map(|setting| Some((setting.name.to_owned(), given.get(setting.name)?.clone())));
    fields.extend(passed.filter(|(_, value)| !is_empty(value)));
    fields.into()
}
