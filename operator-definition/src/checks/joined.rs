//! What a field and its type say together: the field's items, then those of its type that the field hasn't replaced.

use super::text::same;
use crate::{NodeType, Port, StorageTemplate};

pub const fn ports_count(node_type: &NodeType) -> usize {
    node_type.place.ports.len() + node_type.template.ports.len()
}

/// None where the field has replaced it.
pub const fn port(node_type: &NodeType, index: usize) -> Option<&'static Port> {
    let place = node_type.place.ports;
    if index < place.len() {
        return Some(&place[index]);
    }
    let port = &node_type.template.ports[index - place.len()];
    let mut index = 0;
    while index < place.len() {
        if same(place[index].name, port.name) {
            return None;
        }
        index += 1;
    }
    Some(port)
}

pub const fn has_port(node_type: &NodeType, name: &str) -> bool {
    let mut index = 0;
    while index < ports_count(node_type) {
        if let Some(port) = port(node_type, index)
            && same(port.name, name)
        {
            return true;
        }
        index += 1;
    }
    false
}

pub const fn storage_count(node_type: &NodeType) -> usize {
    node_type.place.storage.len() + node_type.template.storage.len()
}

/// None where the field has replaced it.
pub const fn storage(node_type: &NodeType, index: usize) -> Option<&'static StorageTemplate> {
    let place = node_type.place.storage;
    if index < place.len() {
        return Some(&place[index]);
    }
    let storage = &node_type.template.storage[index - place.len()];
    let mut index = 0;
    while index < place.len() {
        if same(place[index].name, storage.name) {
            return None;
        }
        index += 1;
    }
    Some(storage)
}

pub const fn env_count(node_type: &NodeType) -> usize {
    node_type.place.env.len() + node_type.template.env.len()
}

/// Name and value; none where the field has replaced it.
pub const fn env(node_type: &NodeType, index: usize) -> Option<(&'static str, &'static str)> {
    let place = node_type.place.env;
    if index < place.len() {
        return Some(place[index]);
    }
    let (name, value) = node_type.template.env[index - place.len()];
    let mut index = 0;
    while index < place.len() {
        if same(place[index].0, name) {
            return None;
        }
        index += 1;
    }
    Some((name, value))
}

pub const fn sets_variable(node_type: &NodeType, name: &str) -> bool {
    let mut index = 0;
    while index < env_count(node_type) {
        if let Some((variable, _)) = env(node_type, index)
            && same(variable, name)
        {
            return true;
        }
        index += 1;
    }
    false
}

pub const fn args(node_type: &NodeType) -> &'static [&'static str] {
    if node_type.place.args.is_empty() { node_type.template.args } else { node_type.place.args }
}

pub const fn command(node_type: &NodeType) -> &'static [&'static str] {
    if node_type.place.command.is_empty() { node_type.template.command } else { node_type.place.command }
}

pub const fn hash_variable(node_type: &NodeType) -> Option<&'static str> {
    match node_type.place.config_hash_env {
        Some(variable) => Some(variable),
        None => node_type.template.config_hash_env,
    }
}

pub const fn empty_dirs_count(node_type: &NodeType) -> usize {
    node_type.place.empty_dirs.len() + node_type.template.empty_dirs.len()
}

/// The same folder may be named by both.
pub const fn empty_dir(node_type: &NodeType, index: usize) -> &'static str {
    let place = node_type.place.empty_dirs;
    if index < place.len() { place[index] } else { node_type.template.empty_dirs[index - place.len()] }
}
