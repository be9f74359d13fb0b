//! The layer that each setting of a node comes from.

use serde::Serialize;
use serde_json::{Map, Value, json};

use super::{
    Invalid,
    json::{is_empty, joined},
    layers::{Layer, layers, take_patches},
    merge,
    merge::{
        Rule,
        patch::{DIRECTIVE, directive, merge_key},
    },
    resolve::entries,
};
use crate::definition::{Definition, Groups};

/// A field of a node's merged settings.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Explained {
    /// Path, for instance `resources.limits.cpu` or `env[JAVA_OPTS]`.
    pub path: String,
    /// Value; of a list item, its fields without the key; of a value from a Secret, the reference.
    pub value: Value,
    /// The highest layer that sets it.
    pub layer: Layer,
}

/// Why a node can't be explained.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Unexplained {
    /// There is no such node.
    #[error("there is no node `{name}`; {}", there(.nodes))]
    NoNode {
        /// The name that was asked for.
        name: String,
        /// The names of all nodes.
        nodes: Vec<String>,
    },
    /// Its layers can't be read.
    #[error(transparent)]
    Invalid(#[from] Invalid),
}

fn there(nodes: &[String]) -> String {
    if nodes.is_empty() { "the cluster has none".to_owned() } else { format!("there are: {}", nodes.join(", ")) }
}

/// Every field of a node's merged settings, sorted by path. `name` is node type and key, as in `historical-hot`.
///
/// # Errors
/// Where there is no such node, or it refers to a group that doesn't exist.
pub fn explain(definition: &'static Definition, spec: &Value, name: &str) -> Result<Vec<Explained>, Unexplained> {
    let of_type = |node_type| Ok(entries(definition, node_type, spec)?.into_iter().map(move |node| (node_type, node)));
    let all = definition.node_types.iter().map(of_type).collect::<Result<Vec<_>, Invalid>>()?;
    let all: Vec<_> = all.into_iter().flatten().collect();
    let Some((node_type, node)) = all.iter().find(|(_, node)| node.name == name) else {
        let nodes = all.into_iter().map(|(_, node)| node.name).collect();
        return Err(Unexplained::NoNode { name: name.to_owned(), nodes });
    };
    let (layers, _) = layers(definition, spec, node_type, &node.path, node.given)?;
    Ok(of_layers(layers))
}

/// Where in the spec a field of the node `name` is set; none: in the operator's attributes.
pub fn place(definition: &'static Definition, spec: &Value, name: &str, field: &Explained) -> Option<String> {
    let group = |groups: Groups, name: &String| format!("{}.{name}", groups.field);
    let layer = match &field.layer {
        Layer::Attributes => return None,
        Layer::ClusterImage => return definition.image.map(str::to_owned),
        Layer::Defaults => definition.defaults?.to_owned(),
        Layer::ConfigGroup(name) => group(definition.config_groups?, name),
        Layer::Node => {
            let mut nodes = definition
                .node_types
                .iter()
                .filter_map(|node_type| entries(definition, node_type, spec).ok())
                .flatten();
            nodes.find(|node| node.name == name)?.path
        }
    };
    Some(joined(&layer, &field.path))
}

/// A field belongs to the highest layer that sets it, or that changes it by merging a field above it.
fn of_layers(mut layers: Vec<(Layer, Value)>) -> Vec<Explained> {
    let patches = ["podOverrides", "configOverrides"].map(|field| of_patches(field, take_patches(&mut layers, field)));
    let mut merged = json!({});
    let mut explained: Vec<Explained> = Vec::new();
    for (layer, settings) in layers {
        let named = leaves(&settings);
        merged = merge(merged, settings);
        let before = explained;
        let is_of_this = |path: &str| named.iter().any(|(name, _)| name == path);
        let explain = |(path, value): (String, Value)| match before
            .iter()
            .find(|field| field.path == path && field.value == value)
        {
            Some(field) if !is_of_this(&path) => field.clone(),
            _ => Explained { path, value, layer: layer.clone() },
        };
        explained = leaves(&merged).into_iter().map(explain).collect();
    }
    explained.extend(patches.into_iter().flatten());
    explained.sort_by(|one, other| one.path.cmp(&other.path));
    explained
}

/// The values in the patches of `field`. A higher layer's value hides those of lower layers at the same path and below it.
fn of_patches(field: &str, patches: Vec<(Layer, Value)>) -> Vec<Explained> {
    let mut explained: Vec<Explained> = Vec::new();
    for (layer, patch) in patches {
        let mut said = Vec::new();
        walk_patch("", field, &patch, &mut said);
        for (path, value) in said {
            let below = |other: &str| {
                other.strip_prefix(&path).is_some_and(|rest| rest.is_empty() || rest.starts_with(['.', '[']))
            };
            explained.retain(|field| field.layer == layer || !below(&field.path));
            explained.extend(value.map(|value| Explained { path, value, layer: layer.clone() }));
        }
    }
    explained
}

/// Paths and values as for [`leaves`]; no value: the values of lower layers at this path are dropped. `at` is the path in the pod template, for [`merge_key`].
fn walk_patch(at: &str, path: &str, value: &Value, said: &mut Vec<(String, Option<Value>)>) {
    let replaces = |value: &Value| value.as_object().and_then(directive).is_some_and(|it| it != "merge");
    match (value, merge_key(at)) {
        (Value::Object(map), _) if map.keys().any(|key| key != DIRECTIVE) => {
            if replaces(value) {
                said.push((path.to_owned(), None));
            }
            for (key, value) in map.iter().filter(|(key, _)| *key != DIRECTIVE) {
                walk_patch(&joined(at, key), &joined(path, key), value, said);
            }
        }
        (Value::Array(items), Some(by)) if !items.is_empty() => {
            if items.iter().any(|item| replaces(item) && item.get(by).is_none()) {
                said.push((path.to_owned(), None));
            }
            for item in items.iter().filter(|item| item.get(by).is_some()) {
                walk_patch(at, &format!("{path}[{}]", key(item, &[by])), &without(item, &[by]), said);
            }
        }
        _ => said.push((path.to_owned(), Some(value.clone()))),
    }
}

/// Paths and values: single values, lists that are replaced as a whole, and list items with a key.
fn leaves(settings: &Value) -> Vec<(String, Value)> {
    let mut found = Vec::new();
    if !is_empty(settings) {
        walk(Rule::Settings, "", settings, &mut found);
    }
    found
}

fn walk(rule: Rule, path: &str, value: &Value, found: &mut Vec<(String, Value)>) {
    match (value, rule) {
        (Value::Object(map), _) if !map.is_empty() => {
            for (key, value) in map {
                walk(rule.field(key), &joined(path, key), value, found);
            }
        }
        (Value::Array(items), Rule::ByKey(keys)) if !items.is_empty() => {
            found.extend(items.iter().map(|item| (format!("{path}[{}]", key(item, keys)), without(item, keys))));
        }
        _ => found.push((path.to_owned(), value.clone())),
    }
}

/// `JAVA_OPTS`, or of several `dedicated/Equal/NoSchedule`.
fn key(item: &Value, keys: &[&str]) -> String {
    let text = |key: &&str| match item.get(key) {
        Some(Value::String(text)) => text.clone(),
        Some(value) => value.to_string(),
        None => "*".to_owned(),
    };
    keys.iter().map(text).collect::<Vec<_>>().join("/")
}

/// An item without its key; where only `value` or `valueFrom` is left, that.
fn without(item: &Value, keys: &[&str]) -> Value {
    let fields = item.as_object().into_iter().flatten().filter(|(key, _)| !keys.contains(&key.as_str()));
    let rest: Map<String, Value> = fields.map(|(key, value)| (key.clone(), value.clone())).collect();
    match rest.get("value").or(rest.get("valueFrom")) {
        Some(value) if rest.len() == 1 => value.clone(),
        _ => Value::Object(rest),
    }
}
