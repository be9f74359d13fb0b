//! `#[node_type(…)]`: what it says of nodes, on a struct and on a field alike, and what only a field says.

use darling::util::SpannedValue;

use super::{Keys, Text, probe};
use crate::{
    errors::Errors,
    model::{Port, Storage, Template, Workload},
};

impl Template {
    /// Takes out the keys that a struct and a field have in common.
    pub fn read(keys: &mut Keys) -> Self {
        Self {
            workload: keys.choice("workload", Workload::ALL),
            image: keys.text("image"),
            ports: keys.lists("port").into_iter().filter_map(port).collect(),
            command: keys.words("command"),
            args: keys.words("args"),
            env: keys.pairs("env"),
            storage: keys.lists("storage").into_iter().filter_map(storage).collect(),
            readiness: probe::read(keys, "readiness"),
            liveness: probe::read(keys, "liveness"),
            startup: probe::read(keys, "startup"),
            config_hash_env: keys.text("config_hash_env"),
            configs: Vec::new(),
        }
    }
}

/// `#[node_type(…)]` on a field.
pub struct PlaceKeys {
    pub name: Option<Text>,
    pub order: Option<SpannedValue<i32>>,
    pub template: Template,
}

impl PlaceKeys {
    /// Reads the attribute.
    pub fn read(attribute: &syn::Attribute, errors: &Errors) -> Self {
        let mut keys = Keys::of("node_type", &[attribute], errors);
        let name = keys.text("name");
        let order = keys.integer("order", i64::from(i32::MIN)..=i64::from(i32::MAX));
        let template = Template::read(&mut keys);
        keys.refuse("crate", "it belongs in #[operator(crate = path)] on the struct");
        keys.finish();
        Self { name, order, template }
    }
}

fn port(mut keys: Keys) -> Option<Port> {
    keys.require("name", "name = \"http\"");
    keys.require("number", "number = 8080");
    let name = keys.text("name");
    let number = keys.integer("number", 1..=65_535);
    keys.finish();
    Some(Port { name: name?, number })
}

fn storage(mut keys: Keys) -> Option<Storage> {
    keys.require("name", "name = \"data\"");
    keys.require("mount", "mount = \"/data\"");
    keys.require("size", "size = \"10Gi\"");
    let name = keys.text("name");
    let mount = keys.text("mount");
    let size = keys.text("size");
    let class = keys.text("class");
    keys.finish();
    Some(Storage { name: name?, mount: mount?, size: size?, class })
}
