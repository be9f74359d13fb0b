//! The nodes of a cluster, each with its settings after all layers are merged.
//!
//! Precedence, later wins: the attributes, the cluster's image, the cluster's defaults, the node's config group, the node itself.

use serde::Deserialize;
use serde_json::{Map, Value, json};

use super::{NodeSpec, Quantity, merge};
use crate::definition::{Cardinality, Definition, NodeType, Workload};

/// A node with its effective settings.
#[derive(Clone, Debug)]
pub struct Effective {
    /// Its node type.
    pub node_type: &'static NodeType,
    /// Node type and key, as in object names: `historical-hot`.
    pub name: String,
    /// Where it stands in the spec: `historicals.hot`.
    pub path: String,
    /// The merged settings.
    pub spec: NodeSpec,
    /// The claims of every pod, sizes and classes settled.
    pub claims: Vec<Claim>,
    /// The node as the custom resource has it: what its configuration files are written from.
    pub own: Value,
}

/// A claim of every pod of a node.
#[derive(Clone, Debug, PartialEq)]
pub struct Claim {
    /// Name of the claim template.
    pub name: &'static str,
    /// Folder in the container.
    pub mount: &'static str,
    /// Size.
    pub size: Quantity,
    /// Storage class; none: the cluster's default.
    pub class: Option<String>,
}

/// Something in a spec that only shows once the layers are merged.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{}: {message}", self.place())]
pub struct Invalid {
    /// Where, for instance `historicals.hot.resources`; empty: the spec as a whole.
    pub path: String,
    /// What is wrong and what to write instead.
    pub message: String,
}

impl Invalid {
    pub(crate) fn new(path: impl Into<String>, message: impl Into<String>) -> Self {
        Self { path: path.into(), message: message.into() }
    }

    fn place(&self) -> String {
        if self.path.is_empty() { "spec".to_owned() } else { format!("spec.{}", self.path) }
    }
}

/// The nodes of `spec`, in the order of their node types and keys.
///
/// # Errors
/// Everything that is wrong, each with its place.
pub fn effective(definition: &'static Definition, spec: &Value) -> Result<Vec<Effective>, Vec<Invalid>> {
    let mut nodes = Vec::new();
    let mut errors = Vec::new();
    for node_type in definition.node_types {
        for (name, path, own) in entries(node_type, spec) {
            match node(definition, spec, node_type, name, path, own) {
                Ok(node) => nodes.push(node),
                Err(invalid) => errors.extend(invalid),
            }
        }
    }
    if errors.is_empty() { Ok(nodes) } else { Err(errors) }
}

fn entries<'a>(node_type: &'static NodeType, spec: &'a Value) -> Vec<(String, String, &'a Value)> {
    let Some(field) = spec.get(node_type.field).filter(|value| !value.is_null()) else {
        return Vec::new();
    };
    match node_type.cardinality {
        Cardinality::One | Cardinality::Optional => {
            vec![(node_type.name.to_owned(), node_type.field.to_owned(), field)]
        }
        Cardinality::Many => field
            .as_object()
            .into_iter()
            .flatten()
            .map(|(key, own)| (format!("{}-{key}", node_type.name), format!("{}.{key}", node_type.field), own))
            .collect(),
    }
}

fn node(
    definition: &'static Definition,
    spec: &Value,
    node_type: &'static NodeType,
    name: String,
    path: String,
    own: &Value,
) -> Result<Effective, Vec<Invalid>> {
    let mut layers = vec![attributes(node_type)];
    layers.extend(definition.image.and_then(|field| spec.get(field)).map(|image| json!({ "image": image })));
    layers.extend(definition.defaults.and_then(|field| spec.get(field)).cloned());
    if let Some(group) = own.get("configGroup").and_then(Value::as_str) {
        let groups = definition.config_groups.and_then(|field| spec.get(field));
        match groups.and_then(|groups| groups.get(group)) {
            Some(settings) => layers.push(settings.clone()),
            None => {
                return Err(vec![Invalid::new(format!("{path}.configGroup"), no_such_group(group, groups))]);
            }
        }
    }
    layers.push(common(own));
    let merged = layers.into_iter().fold(json!({}), merge);
    let spec = NodeSpec::deserialize(&merged).map_err(|error| vec![Invalid::new(path.as_str(), error.to_string())])?;
    let (claims, mut errors) = claims(node_type, &path, &spec);
    errors.extend(super::check::check(definition.group, &path, &spec));
    if errors.is_empty() {
        Ok(Effective { node_type, name, path, spec, claims, own: own.clone() })
    } else {
        Err(errors)
    }
}

/// What the attributes say, as the lowest layer.
fn attributes(node_type: &NodeType) -> Value {
    let env: Vec<Value> = node_type.env().iter().map(|(name, value)| json!({ "name": name, "value": value })).collect();
    let mut layer = Map::from_iter([("env".to_owned(), Value::Array(env))]);
    if let Some(image) = node_type.image() {
        layer.insert("image".to_owned(), image.into());
    }
    Value::Object(layer)
}

/// What a node says beside its own configuration: the fields of `NodeSpec`. A node type's own field may bear the name of one that
/// `NodeSpec` gets later, so the node is not merged as a whole.
fn common(own: &Value) -> Value {
    NodeSpec::deserialize(own).ok().and_then(|spec| serde_json::to_value(spec).ok()).unwrap_or(Value::Null)
}

fn no_such_group(group: &str, groups: Option<&Value>) -> String {
    let names: Vec<&str> =
        groups.and_then(Value::as_object).into_iter().flatten().map(|(name, _)| name.as_str()).collect();
    match names.as_slice() {
        [] => format!("there is no config group `{group}`: spec.configGroups is empty"),
        names => format!("there is no config group `{group}`; there are: {}", names.join(", ")),
    }
}

fn claims(node_type: &'static NodeType, path: &str, spec: &NodeSpec) -> (Vec<Claim>, Vec<Invalid>) {
    let declared = node_type.storage();
    let mut errors: Vec<Invalid> = spec
        .storage
        .keys()
        .filter(|name| !declared.iter().any(|storage| storage.name == name.as_str()))
        .map(|name| {
            let names: Vec<&str> = declared.iter().map(|storage| storage.name).collect();
            let there = if names.is_empty() { "none".to_owned() } else { names.join(", ") };
            Invalid::new(
                format!("{path}.storage.{name}"),
                format!("this node type has no such storage; it has: {there}"),
            )
        })
        .collect();
    let mut claims = Vec::new();
    for storage in declared {
        let own = spec.storage.get(storage.name);
        let class = own.and_then(|own| own.storage_class.clone()).or(storage.class.map(str::to_owned));
        match own.and_then(|own| own.size.clone()).map_or_else(|| storage.size.parse(), Ok) {
            Ok(size) => claims.push(Claim { name: storage.name, mount: storage.mount, size, class }),
            Err(error) => errors.push(Invalid::new(format!("{path}.storage.{}", storage.name), error.to_string())),
        }
    }
    (claims, errors)
}

/// What a node type says in all: the field's attributes over its type's.
impl NodeType {
    /// Kind of workload.
    pub fn workload(&self) -> Workload {
        self.place.workload.or(self.template.workload).unwrap_or(Workload::StatefulSet)
    }

    fn image(&self) -> Option<&'static str> {
        self.place.image.or(self.template.image)
    }

    fn env(&self) -> Vec<(&'static str, &'static str)> {
        join(self.template.env, self.place.env, |(name, _)| *name)
    }

    /// Ports, by name.
    pub fn ports(&self) -> Vec<crate::definition::Port> {
        join(self.template.ports, self.place.ports, |port| port.name)
    }

    /// Claims, by name.
    pub fn storage(&self) -> Vec<crate::definition::StorageTemplate> {
        join(self.template.storage, self.place.storage, |storage| storage.name)
    }

    /// Configuration files, by folder and name.
    pub fn configs(&self) -> Vec<crate::definition::ConfigFile> {
        join(self.template.configs, self.place.configs, |config| (config.mount, config.file))
    }
}

fn join<T: Copy, Key: PartialEq>(template: &[T], place: &[T], key: impl Fn(&T) -> Key) -> Vec<T> {
    let mut joined = template.to_vec();
    for item in place {
        match joined.iter_mut().find(|below| key(below) == key(item)) {
            Some(below) => *below = *item,
            None => joined.push(*item),
        }
    }
    joined
}
