//! A ConfigMap per configuration file: immutable and named by its content, unless running pods shall see it change.

use serde_json::{Value, json};

use super::{Object, files::File};
use crate::{definition::Reload, model::kind::CONFIG_MAP, settings::ResolvedNode};

pub fn build(file: &File, node: &ResolvedNode) -> Object {
    let data = serde_json::Map::from_iter([(file.name.to_owned(), Value::from(file.content.as_str()))]);
    let body = match file.reload {
        Reload::Pods => json!({ "immutable": true, "data": data }),
        Reload::None => json!({ "data": data }),
    };
    Object::new(&CONFIG_MAP, file.config_map.clone(), file.of_node.then_some(node), body)
}
