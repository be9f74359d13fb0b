//! Names, labels and selectors.

use serde_json::{Map, Value, json};

use super::customize::Customization;
use crate::{
    definition::{Definition, NodeType, named},
    model::{Digest, Identity, Invalid, Node, Reference, Source},
    settings::ResolvedNode,
};

pub use crate::model::labels::{COMPONENT, INSTANCE, MANAGED_BY, NAME};

/// Longest name of a workload or Service: a StatefulSet's pods get a revision label that appends eleven characters, of 63.
pub const LONGEST: usize = 52;
/// So many bytes of the beginning of a longer one are kept.
pub const KEPT: usize = LONGEST - 9;

/// Makes the names of one cluster's objects.
#[derive(Clone, Copy, Debug)]
pub struct Names<'a> {
    /// The cluster.
    pub cluster: &'a Identity,
    /// Its kind.
    pub definition: &'static Definition,
    /// The author's hook over the desired objects.
    pub customize: Option<Customization>,
}

impl Names<'_> {
    /// Name of a node's workload and Service: what the author says, or `<cluster>-<node type>[-<node>]`.
    pub fn node(&self, node: &str) -> String {
        cut(&self.base(node), LONGEST)
    }

    /// The same, of any length.
    pub fn base(&self, node: &str) -> String {
        let named = self.definition.of_node(node).and_then(|(node_type, key)| {
            // What all nodes of a type share has no name of the author's.
            let text = node_type.object_name().filter(|_| key.is_some() || !node_type.is_many())?;
            Some(self.filled(text, node_type, key))
        });
        named.unwrap_or_else(|| format!("{}-{node}", self.cluster.name))
    }

    /// A text of the author's for a node's name or label.
    fn filled(&self, text: &str, node_type: &NodeType, key: Option<&str>) -> String {
        named(text, [&self.cluster.name, node_type.name, key.unwrap_or_default()])
    }

    /// Name of a further object of a node or the cluster: `<name of the node, or the cluster's>-<what>`.
    pub fn child(&self, node: Option<&str>, what: &str) -> String {
        let owner = node.map_or_else(|| self.cluster.name.clone(), |node| self.base(node));
        cut(&format!("{owner}-{what}"), LONGEST)
    }

    /// Name of a ConfigMap: `<name of the node, or the cluster's>-<file>-<hash>`. The hash tells apart what the readable part may not.
    pub fn config_map(&self, node: Option<&str>, file: &str, hash: &Digest) -> String {
        let owner = node.map_or_else(|| cut(&self.cluster.name, LONGEST), |node| self.node(node));
        format!("{owner}-{}-{}", cut(&readable(file), 150), hash.short())
    }

    /// Name of a ConfigMap that changes in place: `<cluster>[-<node>]-<file>`. Where several files are called alike, the folder tells them apart.
    pub fn stable_config_map(&self, node: Option<&str>, file: &str, mount: Option<&str>) -> String {
        let folder = mount.map(|mount| format!("-{}", Digest::of(&mount.into()).short())).unwrap_or_default();
        self.child(node, &format!("{}{folder}", readable(file)))
    }

    /// Name of the ControllerRevision that keeps a spec: `<cluster>-<hash>`.
    pub fn revision(&self, spec: &Value) -> String {
        self.child(None, &Digest::of(spec).short())
    }

    /// The annotation, on pods, that carries the hash of what they read.
    pub fn config_hash(&self) -> String {
        format!("{}/config-hash", self.definition.group)
    }

    /// Selector of a node's pods: what the author says, or the operator's own labels. It never changes.
    pub fn selector(&self, node: &str) -> Map<String, Value> {
        let own = self.definition.of_node(node).map_or_else(Map::new, |(node_type, key)| {
            let label = |(key_of, text): &(&str, &str)| {
                ((*key_of).to_owned(), Value::from(cut(&self.filled(text, node_type, key), 63)))
            };
            node_type.selector().iter().map(label).collect()
        });
        if own.is_empty() { self.of_node(node) } else { own }
    }

    /// Nodes whose selector selects the pods of another one, too.
    pub fn shared_selectors(&self, nodes: &[ResolvedNode]) -> Vec<Invalid> {
        let mut seen: Vec<(Map<String, Value>, &str)> = Vec::new();
        let mut wrong = Vec::new();
        for node in nodes.iter().filter(|node| !node.node_type.selector().is_empty()) {
            let selector = self.selector(&node.name);
            match seen.iter().find(|(other, _)| *other == selector) {
                Some((_, other)) => wrong.push(Invalid::new(
                    node.path.as_str(),
                    format!("its pods have the labels by which those of {other} are selected: give one of the two another key"),
                )),
                None => seen.push((selector, &node.name)),
            }
        }
        wrong
    }

    /// The operator's own labels of what is a node's.
    pub fn of_node(&self, node: &str) -> Map<String, Value> {
        let mut labels = self.selector_of_cluster();
        labels.insert(self.node_label(), cut(node, 63).into());
        labels
    }

    /// Selector of all pods of the cluster.
    fn selector_of_cluster(&self) -> Map<String, Value> {
        let instance = instance(&self.cluster.name);
        Map::from_iter([(NAME.to_owned(), self.definition.singular.into()), (INSTANCE.to_owned(), instance.into())])
    }

    /// The labels of a child: the selector's, its node's, the node type and the operator.
    pub fn labels(&self, node: Option<&Node>) -> Map<String, Value> {
        let mut labels = node.map_or_else(|| self.selector_of_cluster(), |node| self.selector(&node.name));
        labels.extend(node.into_iter().flat_map(|node| self.of_node(&node.name)));
        labels.extend(node.and_then(|node| Some((COMPONENT.to_owned(), node.of_type?.into()))));
        labels.insert(MANAGED_BY.to_owned(), manager(self.definition).into());
        labels
    }

    /// The label that names a node within its cluster: `<group>/node`.
    pub fn node_label(&self) -> String {
        node_label(self.definition.group)
    }

    /// The annotation, on children, that carries the digest of what was applied.
    pub fn intent(&self) -> String {
        intent(self.definition.group)
    }

    /// Selector of all pods of the cluster, as text.
    pub fn selector_of_all(&self) -> String {
        let Definition { singular, .. } = self.definition;
        format!("{NAME}={singular},{INSTANCE}={}", instance(&self.cluster.name))
    }

    /// The controller reference of the cluster's children.
    pub fn owner_reference(&self) -> Value {
        json!({
            "apiVersion": format!("{}/{}", self.definition.group, self.definition.version),
            "kind": self.definition.kind,
            "name": self.cluster.name,
            "uid": self.cluster.uid,
            "controller": true,
            "blockOwnerDeletion": true,
        })
    }
}

/// The name of a file as part of an object's name.
pub fn readable(file: &str) -> String {
    let file: String = file
        .to_ascii_lowercase()
        .chars()
        .map(|c| if c.is_ascii_alphanumeric() || c == '.' { c } else { '-' })
        .collect();
    file.trim_matches(['-', '.']).replace("..", ".").replace(".-", "-").replace("-.", "-")
}

/// The key, in a Secret of the cluster's own, without which a configuration hash helps nobody to guess the value of a Secret.
pub fn hash_key(cluster: &Identity) -> Reference {
    let name = cut(&format!("{}-config-hash-key", cluster.name), LONGEST);
    Reference { source: Source::Secret, name, key: Some("key".to_owned()) }
}

/// The finalizer that a custom resource has while something of it has no owner: pods of a workload that is replaced, and cluster-scoped objects.
pub fn finalizer(group: &str) -> String {
    format!("{group}/cleanup")
}

/// The label of cluster-scoped objects that names their cluster, by its UID.
pub fn cluster_label(group: &str) -> String {
    format!("{group}/cluster-uid")
}

/// The annotation by which a user has a cluster take over what nobody owns: `"true"`.
pub fn adopt(group: &str) -> String {
    format!("{group}/adopt")
}

/// The label that names a node within its cluster.
pub fn node_label(group: &str) -> String {
    format!("{group}/node")
}

/// The annotation, on children, that carries the digest of what was applied.
pub fn intent(group: &str) -> String {
    format!("{group}/intent")
}

/// Value of [`INSTANCE`] for a cluster of this name.
pub fn instance(cluster: &str) -> String {
    cut(cluster, 63)
}

/// The operator's name: field manager, event source and value of [`MANAGED_BY`].
pub fn manager(definition: &Definition) -> String {
    format!("{}-operator", definition.singular)
}

/// `name`, or where it is longer than `longest`: its beginning and a hash of it all.
pub fn cut(name: &str, longest: usize) -> String {
    if name.len() <= longest {
        return name.to_owned();
    }
    let hash = &Digest::of(&Value::from(name)).to_string()[..8];
    let mut end = longest - hash.len() - 1;
    while !name.is_char_boundary(end) {
        end -= 1;
    }
    format!("{}-{hash}", name[..end].trim_end_matches(['-', '.']))
}
