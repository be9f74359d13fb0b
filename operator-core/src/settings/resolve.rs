//! The nodes of a cluster, each with its merged settings.

use std::{
    collections::{BTreeMap, HashSet},
    ops::Deref,
    sync::Arc,
};

use serde::Deserialize;
use serde_json::{Value, json};

use super::{
    AccessMode, Invalid, NodeSpec, Quantity, Scale,
    check::{Checked, check, place},
    json::listed,
    layers::{Layer, attributes, layers, own, take_patches},
    merge,
};
use crate::{
    definition::{Cardinality, Definition, LIST_KEY, NodeType, StorageTemplate, Tag, Workload},
    model::{ChildKind, Node},
};

/// A node with its merged settings.
#[derive(Clone, Debug)]
pub struct ResolvedNode {
    /// Its node type.
    pub node_type: &'static NodeType,
    /// Its name and where it stands.
    pub at: Arc<Node>,
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
}

/// A node that is resolved is a node.
impl Deref for ResolvedNode {
    type Target = Node;

    fn deref(&self) -> &Node {
        &self.at
    }
}

impl ResolvedNode {
    /// A mistake in a field of the node.
    pub(crate) fn invalid(&self, field: &str, error: impl ToString) -> Invalid {
        Invalid::new(format!("{}.{field}", self.path), error.to_string())
    }

    /// A mistake in a field of the node, at the highest layer that has it.
    pub(crate) fn invalid_layer(
        &self,
        definition: &Definition,
        cluster: &Value,
        field: &str,
        error: String,
    ) -> Invalid {
        Invalid::new(format!("{}.{field}", place(definition, cluster, &self.path, &self.spec_value, field)), error)
    }

    /// The node with the settings of the operator's attributes alone; `None` where those can't be read.
    pub(crate) fn of_author(&self) -> Option<Self> {
        let mut layers = [(Layer::Attributes, attributes(self.node_type))];
        let pod_overrides = take_patches(&mut layers, "podOverrides").into_iter().map(|(_, patch)| patch).collect();
        let [(_, settings)] = layers;
        Some(Self { spec: NodeSpec::deserialize(&settings).ok()?, pod_overrides, ..self.clone() })
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

/// All values, or everything that is wrong, after what is known to be wrong already.
pub(crate) fn all_or_errors<T, E: IntoIterator<Item = Invalid>>(
    results: impl IntoIterator<Item = Result<T, E>>,
    mut errors: Vec<Invalid>,
) -> Result<Vec<T>, Vec<Invalid>> {
    let mut values = Vec::new();
    for result in results {
        match result {
            Ok(value) => values.push(value),
            Err(invalid) => errors.extend(invalid),
        }
    }
    if errors.is_empty() { Ok(values) } else { Err(errors) }
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
    let unread = super::unknown::unread(definition, spec);
    if !unread.is_empty() {
        return Err(once(unread));
    }
    let placed = definition.node_types.iter().flat_map(|node_type| match entries(definition, node_type, spec) {
        Ok(nodes) => nodes.into_iter().map(|placed| node(definition, spec, node_type, placed)).collect(),
        Err(invalid) => vec![Err(vec![invalid])],
    });
    all_or_errors(placed, Vec::new()).map_err(once)
}

/// A node in the spec.
pub(super) struct Placed<'a> {
    /// Node type and key.
    pub name: String,
    pub path: String,
    pub given: &'a Value,
}

/// Most nodes of a type that is multiplied.
pub(crate) const MOST_COPIES: u32 = 64;

/// The nodes of a node type.
///
/// # Errors
/// Where it can't be said how many there are, or there are too many.
pub(super) fn entries<'a>(
    definition: &Definition,
    node_type: &'static NodeType,
    spec: &'a Value,
) -> Result<Vec<Placed<'a>>, Invalid> {
    let says = |given: &Value, tag: Tag| given.get(tag.field).and_then(Value::as_str) == Some(tag.value);
    let is_of_type = |node: &Placed<'a>| node_type.tag.is_none_or(|tag| says(node.given, tag));
    let placed = placed(node_type, spec).into_iter().filter(is_of_type);
    let Some(copies) = node_type.copies() else { return Ok(placed.collect()) };
    let (mut nodes, mut free) = (Vec::new(), MOST_COPIES);
    for node in placed {
        let wrong = |message: String| Invalid::new(format!("{}.{}", node.path, copies.field), message);
        let (_, own) = own(definition, spec, &node.path, node.given)?;
        let number = (copies.number)(&own).map_err(|error| wrong(error.to_string()))?;
        let too_many =
            || wrong(format!("{number} nodes are too many: at most {MOST_COPIES} of type {}", node_type.name));
        free = free.checked_sub(number).ok_or_else(too_many)?;
        let copy = |index: u32| Placed { name: format!("{}-{index}", node.name), path: node.path.clone(), ..node };
        nodes.extend((0..number).map(copy));
    }
    Ok(nodes)
}

/// The nodes in the field of a node type, which other node types may share.
pub(super) fn placed<'a>(node_type: &'static NodeType, spec: &'a Value) -> Vec<Placed<'a>> {
    let NodeType { name, field, .. } = node_type;
    let Some(value) = spec.get(field).filter(|value| !value.is_null()) else { return Vec::new() };
    let keyed = |key: &str, path: String, given: &'a Value| Placed { name: format!("{name}-{key}"), path, given };
    match node_type.cardinality {
        Cardinality::One | Cardinality::Optional => {
            vec![Placed { name: (*name).to_owned(), path: (*field).to_owned(), given: value }]
        }
        Cardinality::Many => {
            let nodes = value.as_object().into_iter().flatten();
            nodes.map(|(key, given)| keyed(key, format!("{field}.{key}"), given)).collect()
        }
        Cardinality::List => {
            let nodes = value.as_array().into_iter().flatten();
            let key = |given: &'a Value| given.get(LIST_KEY).and_then(Value::as_str).unwrap_or_default();
            nodes.map(|given| keyed(key(given), format!("{field}[{}]", key(given)), given)).collect()
        }
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
    Placed { name, path, given }: Placed<'_>,
) -> Result<ResolvedNode, Vec<Invalid>> {
    let order = order(definition, cluster, node_type);
    let (mut layers, own) = layers(definition, cluster, node_type, &path, given).map_err(|invalid| vec![invalid])?;
    let [pod_overrides, config_overrides] = ["podOverrides", "configOverrides"]
        .map(|field| take_patches(&mut layers, field).into_iter().map(|(_, patch)| patch).collect());
    let merged = layers.into_iter().map(|(_, settings)| settings).fold(json!({}), merge);
    let spec = NodeSpec::deserialize(&merged).map_err(|error| vec![Invalid::new(path.as_str(), error.to_string())])?;
    let (claims, errors) = claims(node_type, &path, &spec);
    let errors = check(Checked { definition, node_type, cluster, path: &path, given, own: &own, spec: &spec, errors });
    let command = node_type.command().iter().copied().map(str::to_owned).collect();
    let fixed = node_type.args().iter().copied().map(str::to_owned);
    let args = fixed.chain(spec.settings.args.iter().flatten().cloned()).collect();
    let workload = node_type.workload();
    let (scale, replicas) = match (&spec.autoscaling, spec.replicas) {
        (Some(autoscaling), _) => (Scale::Autoscaled, autoscaling.min_replicas),
        (None, Some(replicas)) => (Scale::Fixed(replicas), Some(replicas)),
        // Others may set any number, which may break the rule.
        (None, None) if node_type.replica_rule().is_some() => (Scale::Fixed(1), Some(1)),
        (None, None) => (Scale::Initial, None),
    };
    let is_scaled = !matches!(workload, Workload::DaemonSet | Workload::Job);
    let at = Node {
        name,
        of_type: Some(node_type.name),
        path,
        order,
        kind: ChildKind::of_workload(workload).into(),
        replicas: replicas.unwrap_or(1),
        scale: if is_scaled { scale } else { Scale::Unscaled },
    };
    let node = ResolvedNode {
        node_type,
        at: Arc::new(at),
        spec,
        pod_overrides,
        config_overrides,
        command,
        args,
        claims,
        spec_value: own,
    };
    if errors.is_empty() { Ok(node) } else { Err(errors) }
}

fn claims(node_type: &'static NodeType, path: &str, spec: &NodeSpec) -> (Vec<Claim>, Vec<Invalid>) {
    let declared = node_type.storage();
    let wrong = |name: &str, message: String| Invalid::new(format!("{path}.storage.{name}"), message);
    let names: Vec<&str> = declared.iter().map(|storage| storage.name).collect();
    let unknown = spec.storage.keys().filter(|name| !names.contains(&name.as_str()));
    let message = format!("this node type has no such storage; it has: {}", listed(names.iter().copied()));
    let mut errors: Vec<Invalid> = unknown.map(|name| wrong(name, message.clone())).collect();
    let mut claims = Vec::new();
    for StorageTemplate { name, mount, size, class } in declared {
        let own = spec.storage.get(name).cloned().unwrap_or_default();
        match own.size.map_or_else(|| size.parse(), Ok) {
            Ok(size) => claims.push(Claim {
                name,
                mount,
                size,
                class: own.storage_class.or(class.map(str::to_owned)),
                access_modes: own.access_modes.unwrap_or_else(|| vec![AccessMode::ReadWriteOnce]),
                labels: own.labels,
            }),
            Err(error) => errors.push(wrong(name, error.to_string())),
        }
    }
    (claims, errors)
}
