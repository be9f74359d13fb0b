//! Assertions about node types, evaluated by the compiler: a field's attributes and its type's are only known together
//! here.
//!
//! Generated code calls one function per rule and field. What one attribute alone can show, the macros report already.

use std::collections::BTreeMap;

use super::{Cardinality, Check, ConfigFile, NodeType, Port, Probe, StorageTemplate, Workload};
use crate::NodeDefaults;

/// A field that `#[operator(image)]` can stand on.
#[diagnostic::on_unimplemented(
    message = "`{Self}` can't hold the cluster's image",
    label = "not a string",
    note = "#[operator(image)] stands on a `String` or an `Option<String>`"
)]
pub trait HoldsImage {}
impl HoldsImage for String {}
impl HoldsImage for Option<String> {}

/// A field that `#[operator(defaults)]` can stand on.
#[diagnostic::on_unimplemented(
    message = "`{Self}` can't hold the cluster's defaults",
    label = "not `NodeDefaults`",
    note = "#[operator(defaults)] stands on a `NodeDefaults` or an `Option<NodeDefaults>`"
)]
pub trait HoldsDefaults {}
impl HoldsDefaults for NodeDefaults {}
impl HoldsDefaults for Option<NodeDefaults> {}

/// A field that `#[operator(config_groups)]` can stand on.
#[diagnostic::on_unimplemented(
    message = "`{Self}` can't hold config groups",
    label = "not a map of `NodeDefaults`",
    note = "#[operator(config_groups)] stands on a `BTreeMap<String, NodeDefaults>`"
)]
pub trait HoldsConfigGroups {}
impl HoldsConfigGroups for BTreeMap<String, NodeDefaults> {}

/// The type of the field marked `#[operator(image)]`.
pub const fn holds_image<T: HoldsImage>() {}

/// The type of the field marked `#[operator(defaults)]`.
pub const fn holds_defaults<T: HoldsDefaults>() {}

/// The type of the field marked `#[operator(config_groups)]`.
pub const fn holds_config_groups<T: HoldsConfigGroups>() {}

/// A Deployment's pods have no storage of their own.
#[track_caller]
pub const fn workload(node_type: &NodeType) {
    let workload = match node_type.place.workload {
        Some(workload) => Some(workload),
        None => node_type.template.workload,
    };
    let has_storage = !node_type.place.storage.is_empty() || !node_type.template.storage.is_empty();
    if has_storage && matches!(workload, Some(Workload::Deployment)) {
        panic!(
            "the pods of a Deployment have no storage of their own: \
             make this node type a StatefulSet, or leave out the storage"
        );
    }
}

/// A number belongs to one port.
#[track_caller]
pub const fn ports(node_type: &NodeType) {
    let count = ports_count(node_type);
    let mut one = 0;
    while one < count {
        let mut other = one + 1;
        while other < count {
            if let (Some(one), Some(other)) = (port(node_type, one), port(node_type, other))
                && one.number == other.number
            {
                panic!(
                    "a port of this field has the number of one of its type's: give it another number, or \
                     the same name to replace it"
                );
            }
            other += 1;
        }
        one += 1;
    }
}

/// Probes ask ports that there are.
#[track_caller]
pub const fn probes(node_type: &NodeType) {
    let (place, template) = (&node_type.place, &node_type.template);
    let known = has_port(node_type, or(&place.readiness, &template.readiness))
        && has_port(node_type, or(&place.liveness, &template.liveness))
        && has_port(node_type, or(&place.startup, &template.startup));
    if !known {
        panic!(
            "a probe names a port that this node type doesn't have: declare it with port(name = …, number = \
             …), here or on the type"
        );
    }
}

/// A folder belongs to one volume.
#[track_caller]
pub const fn mounts(node_type: &NodeType, cluster: &[ConfigFile]) {
    let count = storage_count(node_type);
    let mut index = 0;
    while index < count {
        if let Some(storage) = storage(node_type, index) {
            let mut other = index + 1;
            while other < count {
                if let Some(other) = self::storage(node_type, other)
                    && same(storage.mount, other.mount)
                {
                    panic!(
                        "storage of this field is mounted where its type mounts other storage: give it \
                         another folder, or the same name to replace it"
                    );
                }
                other += 1;
            }
            if mounted_at(cluster, storage.mount) {
                panic!(
                    "storage of this node type is mounted where the cluster's configuration files are: give \
                     it another folder"
                );
            }
            if mounted_at(node_type.place.configs, storage.mount)
                || mounted_at(node_type.template.configs, storage.mount)
            {
                panic!(
                    "storage of this field is mounted where its type's configuration files are: give it \
                     another folder"
                );
            }
        }
        index += 1;
    }
}

/// A file is written by one field.
#[track_caller]
pub const fn files(node_type: &NodeType, cluster: &[ConfigFile]) {
    if share_a_file(node_type.place.configs, cluster) || share_a_file(node_type.template.configs, cluster) {
        panic!(
            "a configuration file of this node type has the folder and name of one of the cluster's: give \
             one of them another name"
        );
    }
}

/// Objects are called `<cluster>-<node type>[-<node>]`, so no node type's name may begin like one with many nodes.
#[track_caller]
pub const fn names(node_types: &[NodeType], index: usize) {
    let this = &node_types[index];
    let mut earlier = 0;
    while earlier < index {
        let other = &node_types[earlier];
        if covers(this, other) || covers(other, this) {
            panic!(
                "objects of this node type can be called like those of an earlier one, `<cluster>-<node \
                 type>-<node>`: give one of the two another name, with name = \"…\""
            );
        }
        earlier += 1;
    }
}

/// Whether a node of `many` can have objects called like those of `other`.
const fn covers(many: &NodeType, other: &NodeType) -> bool {
    let (short, long) = (many.name.as_bytes(), other.name.as_bytes());
    if !matches!(many.cardinality, Cardinality::Many) || long.len() <= short.len() || long[short.len()] != b'-' {
        return false;
    }
    let (start, _) = long.split_at(short.len());
    same_bytes(short, start)
}

const fn share_a_file(files: &[ConfigFile], others: &[ConfigFile]) -> bool {
    let mut file = 0;
    while file < files.len() {
        let mut other = 0;
        while other < others.len() {
            if same(files[file].mount, others[other].mount) && same(files[file].file, others[other].file) {
                return true;
            }
            other += 1;
        }
        file += 1;
    }
    false
}

const fn mounted_at(files: &[ConfigFile], mount: &str) -> bool {
    let mut index = 0;
    while index < files.len() {
        if same(files[index].mount, mount) {
            return true;
        }
        index += 1;
    }
    false
}

const fn has_port(node_type: &NodeType, probe: Option<&Probe>) -> bool {
    let name = match probe {
        Some(Probe { check: Check::Http { port, .. } | Check::Tcp { port }, .. }) => *port,
        Some(Probe { check: Check::Exec { .. }, .. }) | None => return true,
    };
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

const fn ports_count(node_type: &NodeType) -> usize {
    node_type.place.ports.len() + node_type.template.ports.len()
}

/// The ports of the field and then those of its type; none where the field has replaced it.
const fn port(node_type: &NodeType, index: usize) -> Option<&'static Port> {
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

const fn storage_count(node_type: &NodeType) -> usize {
    node_type.place.storage.len() + node_type.template.storage.len()
}

/// The storage of the field and then that of its type; none where the field has replaced it.
const fn storage(node_type: &NodeType, index: usize) -> Option<&'static StorageTemplate> {
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

const fn or<'a>(place: &'a Option<Probe>, template: &'a Option<Probe>) -> Option<&'a Probe> {
    match place {
        Some(probe) => Some(probe),
        None => template.as_ref(),
    }
}

const fn same(one: &str, other: &str) -> bool {
    same_bytes(one.as_bytes(), other.as_bytes())
}

const fn same_bytes(one: &[u8], other: &[u8]) -> bool {
    if one.len() != other.len() {
        return false;
    }
    let mut index = 0;
    while index < one.len() {
        if one[index] != other[index] {
            return false;
        }
        index += 1;
    }
    true
}
