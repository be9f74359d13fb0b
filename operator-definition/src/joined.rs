//! What the layers of a node type are together: higher ones override lower ones.

use std::collections::HashSet;

use crate::{
    ConfigFile, Copies, Definition, NodeTemplate, NodeType, PolicyRule, Port, ReplicaRule, SecretField,
    StorageTemplate, Workload, text::contains,
};

impl Definition {
    /// The first node type of each field: several may share one.
    pub fn first_of_fields(&self) -> impl Iterator<Item = &'static NodeType> {
        let mut seen = HashSet::new();
        self.node_types.iter().filter(move |node_type| seen.insert(node_type.field))
    }

    /// The cluster's configuration files that nodes of this type read.
    pub fn configs_of(&self, node_type: &NodeType) -> impl Iterator<Item = &'static ConfigFile> {
        self.configs.iter().filter(|config| node_type.is_of(config.readers))
    }

    /// The cluster's Secrets that nodes of this type read.
    pub fn secrets_of(&self, node_type: &NodeType) -> impl Iterator<Item = &'static SecretField> {
        self.secrets.iter().filter(|secret| node_type.is_of(secret.readers))
    }
}

impl Definition {
    /// The node type of a node called so, and the node's key, where it is one of many. No two types' nodes can be called alike.
    pub fn of_node<'a>(&self, node: &'a str) -> Option<(&'static NodeType, Option<&'a str>)> {
        self.node_types.iter().find_map(|node_type| match node.strip_prefix(node_type.name)? {
            "" => Some((node_type, None)),
            rest => Some((node_type, Some(rest.strip_prefix('-').filter(|_| node_type.is_many())?))),
        })
    }
}

impl NodeType {
    /// Name of the main container.
    pub const fn container(&self) -> &'static str {
        match highest!(self.container) {
            Some(name) => name,
            None => self.name,
        }
    }

    /// What a node's objects are called, where the author says so.
    pub const fn object_name(&self) -> Option<&'static str> {
        highest!(self.object_name)
    }

    /// Labels by which the pods are selected, in place of the operator's own.
    pub const fn selector(&self) -> &'static [(&'static str, &'static str)] {
        highest_list!(self.selector)
    }

    /// Kind of workload.
    pub const fn workload(&self) -> Workload {
        match highest!(self.workload) {
            Some(workload) => workload,
            None => Workload::StatefulSet,
        }
    }

    /// Where its nodes stand: `spec.brokers`, or `spec.historicals[]` for each of many.
    pub fn place(&self) -> String {
        format!("spec.{}{}", self.field, if self.cardinality.is_many() { "[]" } else { "" })
    }

    /// By how much each node is multiplied.
    pub const fn copies(&self) -> Option<Copies> {
        highest!(self.copies)
    }

    /// Whether nodes have keys: only the custom resource says how many there are.
    pub const fn is_many(&self) -> bool {
        self.cardinality.is_many() || self.copies().is_some()
    }

    /// Whether nodes of this type read what these node types do; empty: all do.
    pub const fn is_of(&self, readers: &[&str]) -> bool {
        readers.is_empty() || contains(readers, self.name)
    }

    /// Number of pods, where the custom resource has none.
    pub const fn replicas(&self) -> Option<i32> {
        highest!(self.replicas)
    }

    /// What the number of pods has to be.
    pub const fn replica_rule(&self) -> Option<ReplicaRule> {
        highest!(self.replica_rule)
    }

    /// Image, where the custom resource has none.
    pub const fn image(&self) -> Option<&'static str> {
        highest!(self.image)
    }

    /// Environment variables, by name.
    pub fn env(&self) -> Vec<(&'static str, &'static str)> {
        self.join(|layer| layer.env, |(name, _)| *name)
    }

    /// Ports, by name.
    pub fn ports(&self) -> Vec<Port> {
        self.join(|layer| layer.ports, |port| port.name)
    }

    /// Volumes that every pod claims, by name.
    pub fn storage(&self) -> Vec<StorageTemplate> {
        self.join(|layer| layer.storage, |storage| storage.name)
    }

    /// Configuration files, by folder, name and field.
    pub fn configs(&self) -> Vec<ConfigFile> {
        self.join(|layer| layer.configs, |config| (config.mount, config.file, config.source()))
    }

    /// Secrets, by field.
    pub fn secrets(&self) -> Vec<SecretField> {
        self.join(|layer| layer.secrets, |secret| secret.field)
    }

    /// Entry point; empty: the image's own.
    pub const fn command(&self) -> &'static [&'static str] {
        highest_list!(self.command)
    }

    /// Arguments before those of the custom resource.
    pub const fn args(&self) -> &'static [&'static str] {
        highest_list!(self.args)
    }

    /// Folders that every pod has for itself, empty at its start.
    pub fn empty_dirs(&self) -> Vec<&'static str> {
        self.join(|layer| layer.empty_dirs, |folder| *folder)
    }

    /// Rights of the pods at the API server.
    pub const fn rules(&self) -> &'static [PolicyRule] {
        highest_list!(self.rules)
    }

    /// Names of the node types that this one connects to.
    pub fn talks_to(&self) -> Vec<&'static str> {
        self.join(|layer| layer.talks_to, |name| *name)
    }

    /// A single value, of the highest layer that has one.
    pub fn says<T>(&self, value: impl Fn(&NodeTemplate) -> Option<T>) -> Option<T> {
        self.layers.iter().rev().find_map(value)
    }

    fn join<T: Copy + 'static, Key: PartialEq>(
        &self,
        list: impl Fn(&NodeTemplate) -> &'static [T],
        key: impl Fn(&T) -> Key,
    ) -> Vec<T> {
        let mut joined: Vec<T> = Vec::new();
        for item in self.layers.iter().flat_map(list) {
            match joined.iter_mut().find(|lower| key(lower) == key(item)) {
                Some(lower) => *lower = *item,
                None => joined.push(*item),
            }
        }
        joined
    }
}
