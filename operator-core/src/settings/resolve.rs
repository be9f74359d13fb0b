//! The nodes of a cluster, each with its merged settings.

use std::collections::{BTreeMap, HashSet};

use serde::Deserialize;
use serde_json::{Value, json};

use super::{
    AccessMode, Invalid, NodeSpec, Quantity, Scale,
    check::{Judged, check},
    layers::{layers, take_patches},
    merge,
};
use crate::definition::{Cardinality, Definition, LIST_KEY, LIST_TYPE, NodeType, Workload};

/// A node with its merged settings.
#[derive(Clone, Debug)]
pub struct ResolvedNode {
    /// Its node type.
    pub node_type: &'static NodeType,
    /// Node type and key, as in object names: `historical-hot`.
    pub name: String,
    /// Path in the spec: `historicals.hot`.
    pub path: String,
    /// The merged settings, without `podOverrides` and `configOverrides`.
    pub spec: NodeSpec,
    /// The `podOverrides` of the layers. They are applied in this order, the lowest layer's first.
    pub pod_overrides: Vec<Value>,
    /// The `configOverrides` of the layers, the lowest layer's first: patches by file name.
    pub config_overrides: Vec<Value>,
    /// Entry point of the container; empty: the image's own.
    pub command: Vec<String>,
    /// Arguments of the container: the operator's, then those of the settings.
    pub args: Vec<String>,
    /// The PersistentVolumeClaims of every pod, with their sizes and classes.
    pub claims: Vec<Claim>,
    /// The node in the custom resource, merged with its app config group: the input of its configuration files.
    pub spec_value: Value,
    /// Position in upgrades: lower ones first.
    pub order: i32,
}

impl ResolvedNode {
    /// How the number of pods is decided.
    pub fn scale(&self) -> Scale {
        match (self.node_type.workload(), &self.spec.autoscaling, self.spec.replicas) {
            (Workload::DaemonSet | Workload::Job, _, _) => Scale::Unscaled,
            (_, Some(_), _) => Scale::Autoscaled,
            (_, None, Some(replicas)) => Scale::Fixed(replicas),
            (_, None, None) => Scale::Initial,
        }
    }

    /// Number of pods in the spec; for an HPA its minimum.
    pub fn replicas(&self) -> i32 {
        match (&self.spec.autoscaling, self.spec.replicas) {
            (Some(autoscaling), _) => autoscaling.min_replicas.unwrap_or(1),
            (None, replicas) => replicas.unwrap_or(1),
        }
    }
}

/// A PersistentVolumeClaim of every pod of a node.
#[derive(Clone, Debug, PartialEq)]
pub struct Claim {
    /// Name of the `volumeClaimTemplate`.
    pub name: &'static str,
    /// Folder in the container.
    pub mount: &'static str,
    /// Size.
    pub size: Quantity,
    /// Storage class; none: the default of Kubernetes.
    pub class: Option<String>,
    /// How the volume can be mounted.
    pub access_modes: Vec<AccessMode>,
    /// Labels, in addition to the operator's.
    pub labels: BTreeMap<String, String>,
}

/// Drops duplicate errors: a mistake in shared settings is found at each node.
pub(crate) fn once(mut errors: Vec<Invalid>) -> Vec<Invalid> {
    let mut seen = HashSet::new();
    errors.retain(|error| seen.insert(error.clone()));
    errors
}

/// The nodes of `spec`, in the order of their node types and keys.
///
/// # Errors
/// Everything that is wrong, each with its place.
pub fn resolve(definition: &'static Definition, spec: &Value) -> Result<Vec<ResolvedNode>, Vec<Invalid>> {
    let mut nodes = Vec::new();
    let mut errors = super::unknown::check(definition, spec).map_err(once)?;
    for node_type in definition.node_types {
        for entry in entries(node_type, spec) {
            match node(definition, spec, node_type, entry) {
                Ok(node) => nodes.push(node),
                Err(invalid) => errors.extend(invalid),
            }
        }
    }
    if errors.is_empty() { Ok(nodes) } else { Err(once(errors)) }
}

/// A node in the spec.
pub(super) struct Entry<'a> {
    pub name: String,
    pub path: String,
    pub own: &'a Value,
}

pub(super) fn entries<'a>(node_type: &'static NodeType, spec: &'a Value) -> Vec<Entry<'a>> {
    let Some(field) = spec.get(node_type.field).filter(|value| !value.is_null()) else {
        return Vec::new();
    };
    match node_type.cardinality {
        Cardinality::One | Cardinality::Optional => {
            vec![Entry { name: node_type.name.to_owned(), path: node_type.field.to_owned(), own: field }]
        }
        Cardinality::Many => field
            .as_object()
            .into_iter()
            .flatten()
            .map(|(key, own)| Entry {
                name: format!("{}-{key}", node_type.name),
                path: format!("{}.{key}", node_type.field),
                own,
            })
            .collect(),
        Cardinality::List => field
            .as_array()
            .into_iter()
            .flatten()
            .filter(|own| own.get(LIST_TYPE).and_then(Value::as_str) == Some(node_type.name))
            .map(|own| {
                let key = own.get(LIST_KEY).and_then(Value::as_str).unwrap_or_default();
                Entry { name: format!("{}-{key}", node_type.name), path: format!("{}[{key}]", node_type.field), own }
            })
            .collect(),
    }
}

/// Position in upgrades: the spec's, else the definition's.
fn order(definition: &Definition, spec: &Value, node_type: &NodeType) -> i32 {
    let listed = definition.deployment_order.and_then(|field| spec.get(field)).and_then(Value::as_array);
    let position = listed
        .filter(|listed| !listed.is_empty())
        .map(|listed| listed.iter().position(|name| name == node_type.name).unwrap_or(listed.len()));
    position.and_then(|position| i32::try_from(position).ok()).unwrap_or(node_type.order)
}

fn node(
    definition: &'static Definition,
    cluster: &Value,
    node_type: &'static NodeType,
    Entry { name, path, own: given }: Entry<'_>,
) -> Result<ResolvedNode, Vec<Invalid>> {
    let order = order(definition, cluster, node_type);
    let (mut layers, own) = layers(definition, cluster, node_type, &path, given).map_err(|invalid| vec![invalid])?;
    let [pod_overrides, config_overrides] = ["podOverrides", "configOverrides"]
        .map(|field| take_patches(&mut layers, field).into_iter().map(|(_, patch)| patch).collect());
    let merged = layers.into_iter().map(|(_, settings)| settings).fold(json!({}), merge);
    let spec = NodeSpec::deserialize(&merged).map_err(|error| vec![Invalid::new(path.as_str(), error.to_string())])?;
    let (claims, mut errors) = claims(node_type, &path, &spec);
    let judged = Judged { definition, node_type, cluster, path: &path, given, own: &own, spec: &spec };
    errors.extend(check(judged));
    let command = node_type.command().iter().copied().map(str::to_owned).collect();
    let fixed = node_type.args().iter().copied().map(str::to_owned);
    let args = fixed.chain(spec.settings.args.iter().flatten().cloned()).collect();
    let node = ResolvedNode {
        node_type,
        name,
        path,
        spec,
        pod_overrides,
        config_overrides,
        command,
        args,
        claims,
        spec_value: own,
        order,
    };
    if errors.is_empty() { Ok(node) } else { Err(errors) }
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
            Ok(size) => claims.push(Claim {
                name: storage.name,
                mount: storage.mount,
                size,
                class,
                access_modes: own
                    .and_then(|own| own.access_modes.clone())
                    .unwrap_or_else(|| vec![AccessMode::ReadWriteOnce]),
                labels: own.map(|own| own.labels.clone()).unwrap_or_default(),
            }),
            Err(error) => errors.push(Invalid::new(format!("{path}.storage.{}", storage.name), error.to_string())),
        }
    }
    (claims, errors)
}
