//! The layers of a node's settings, from the lowest to the highest.

use std::fmt;

use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use super::{Invalid, NodeSpec, json::without_empty, merge};
use crate::definition::{Definition, Groups, NodeType};

/// The origin of a setting. Later layers override earlier ones.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum Layer {
    /// The attributes in the operator's source.
    Attributes,
    /// The cluster-wide image.
    ClusterImage,
    /// The cluster-wide settings.
    Defaults,
    /// The config group that the node refers to, by name.
    ConfigGroup(String),
    /// The node itself.
    Node,
}

impl fmt::Display for Layer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Attributes => f.write_str("operator's attributes"),
            Self::ClusterImage => f.write_str("cluster image"),
            Self::Defaults => f.write_str("defaults"),
            Self::ConfigGroup(name) => write!(f, "config group {name}"),
            Self::Node => f.write_str("node"),
        }
    }
}

/// The layers of the node at `path`, each as JSON of a [`NodeSpec`]; and the node merged with its app config group. `given` is the node in the spec.
pub(super) fn layers(
    definition: &Definition,
    spec: &Value,
    node_type: &NodeType,
    path: &str,
    given: &Value,
) -> Result<(Vec<(Layer, Value)>, Value), Invalid> {
    let (shared, own) = own(definition, spec, path, given)?;
    let of_cluster = |field: Option<&str>| field.and_then(|field| spec.get(field)).filter(|value| !value.is_null());
    let mut layers = vec![(Layer::Attributes, attributes(node_type))];
    layers.extend(of_cluster(definition.image).map(|image| (Layer::ClusterImage, json!({ "image": image }))));
    layers.extend(of_cluster(definition.defaults).map(|defaults| (Layer::Defaults, defaults.clone())));
    if let Some((name, shared)) = group(definition.config_groups, spec, &own, path)? {
        layers.push((Layer::ConfigGroup(name.to_owned()), shared.clone()));
    }
    for said in shared.into_iter().chain([given]) {
        layers.push((Layer::Node, common(said, path)?));
    }
    Ok((layers, own))
}

/// The app config group of the node at `path`, and the node merged with it.
pub(super) fn own<'a>(
    definition: &Definition,
    spec: &'a Value,
    path: &str,
    given: &Value,
) -> Result<(Option<&'a Value>, Value), Invalid> {
    let shared = group(definition.app_config_groups, spec, given, path)?.map(|(_, shared)| shared);
    let own = shared.map_or_else(|| given.clone(), |shared| merge(shared.clone(), given.clone()));
    Ok((shared, own))
}

/// Takes the patches in `field` out of the layers, the lowest layer's first.
pub(super) fn take_patches(layers: &mut [(Layer, Value)], field: &str) -> Vec<(Layer, Value)> {
    let patch =
        |(layer, settings): &mut (Layer, Value)| Some((layer.clone(), settings.as_object_mut()?.remove(field)?));
    layers.iter_mut().filter_map(patch).filter(|(_, patch)| !patch.is_null()).collect()
}

/// The group of `groups` that a node refers to, with its name.
fn group<'a>(
    groups: Option<Groups>,
    spec: &'a Value,
    own: &Value,
    path: &str,
) -> Result<Option<(&'a str, &'a Value)>, Invalid> {
    let Some(groups) = groups else { return Ok(None) };
    let Some(name) = own.get(groups.by).and_then(Value::as_str) else { return Ok(None) };
    let all = spec.get(groups.field).and_then(Value::as_object);
    if let Some((name, group)) = all.and_then(|all| all.get_key_value(name)) {
        return Ok(Some((name, group)));
    }
    let names: Vec<&str> = all.into_iter().flatten().map(|(name, _)| name.as_str()).collect();
    let there = if names.is_empty() { "it is empty".to_owned() } else { format!("it has: {}", names.join(", ")) };
    let message = format!("there is no group `{name}` in spec.{}; {there}", groups.field);
    Err(Invalid::new(format!("{path}.{}", groups.by), message))
}

/// The lowest layer: the attributes that a [`NodeSpec`] has fields for.
pub(super) fn attributes(node_type: &NodeType) -> Value {
    let defaults = node_type.layers.iter().filter_map(|layer| layer.defaults);
    let defaults = defaults.fold(Value::Null, |lower, defaults| merge(lower, defaults()));
    let env = node_type.env().into_iter().map(|(name, value)| json!({ "name": name, "value": value }));
    let storage = node_type.storage().into_iter().map(|storage| {
        let claim = Value::from(without_empty(json!({ "size": storage.size, "storageClass": storage.class })));
        (storage.name.to_owned(), claim)
    });
    let layer = json!({
        "replicas": node_type.replicas(),
        "env": Value::from_iter(env),
        "storage": Value::from_iter(storage),
        "image": node_type.image(),
    });
    merge(defaults, without_empty(layer).into())
}

/// The fields of [`NodeSpec`] in a node, without the node type's own.
fn common(own: &Value, path: &str) -> Result<Value, Invalid> {
    let common = NodeSpec::deserialize(own).and_then(serde_json::to_value);
    common.map_err(|error| Invalid::new(path, error.to_string()))
}
