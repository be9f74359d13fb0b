//! A node type's attributes: those on the field override those on its type.

use std::collections::HashSet;

use crate::{ConfigFile, Definition, NodeTemplate, NodeType, PolicyRule, Port, SecretField, StorageTemplate, Workload};

impl Definition {
    /// The first node type of each field: several may share one.
    pub fn first_of_fields(&self) -> impl Iterator<Item = &'static NodeType> {
        let mut seen = HashSet::new();
        self.node_types.iter().filter(move |node_type| seen.insert(node_type.field))
    }
}

impl NodeType {
    /// Kind of workload.
    pub const fn workload(&self) -> Workload {
        match or(self.place.workload, self.template.workload) {
            Some(workload) => workload,
            None => Workload::StatefulSet,
        }
    }

    /// Image, where the custom resource has none.
    pub fn image(&self) -> Option<&'static str> {
        self.place.image.or(self.template.image)
    }

    /// Environment variables, by name.
    pub fn env(&self) -> Vec<(&'static str, &'static str)> {
        join(self.template.env, self.place.env, |(name, _)| *name)
    }

    /// Ports, by name.
    pub fn ports(&self) -> Vec<Port> {
        join(self.template.ports, self.place.ports, |port| port.name)
    }

    /// Volumes that every pod claims, by name.
    pub fn storage(&self) -> Vec<StorageTemplate> {
        join(self.template.storage, self.place.storage, |storage| storage.name)
    }

    /// Configuration files, by folder, name and field.
    pub fn configs(&self) -> Vec<ConfigFile> {
        join(self.template.configs, self.place.configs, |config| (config.mount, config.file, config.field))
    }

    /// Secrets, by field.
    pub fn secrets(&self) -> Vec<SecretField> {
        join(self.template.secrets, self.place.secrets, |secret| secret.field)
    }

    /// Entry point; empty: the image's own.
    pub const fn command(&self) -> &'static [&'static str] {
        if self.place.command.is_empty() { self.template.command } else { self.place.command }
    }

    /// Arguments before those of the custom resource.
    pub const fn args(&self) -> &'static [&'static str] {
        if self.place.args.is_empty() { self.template.args } else { self.place.args }
    }

    /// Folders that every pod has for itself, empty at its start.
    pub fn empty_dirs(&self) -> Vec<&'static str> {
        join(self.template.empty_dirs, self.place.empty_dirs, |folder| *folder)
    }

    /// Rights of the pods at the API server.
    pub fn rules(&self) -> &'static [PolicyRule] {
        if self.place.rules.is_empty() { self.template.rules } else { self.place.rules }
    }

    /// Names of the node types that this one connects to.
    pub fn talks_to(&self) -> Vec<&'static str> {
        join(self.template.talks_to, self.place.talks_to, |name| *name)
    }

    /// A single value: from the field, else from its type.
    pub fn says<T>(&self, value: impl Fn(&NodeTemplate) -> Option<T>) -> Option<T> {
        value(&self.place).or_else(|| value(&self.template))
    }
}

/// The field's value, else its type's.
pub(crate) const fn or<T: Copy>(place: Option<T>, template: Option<T>) -> Option<T> {
    if place.is_some() { place } else { template }
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
