//! A ConfigMap per configuration file: immutable, named by its content.

use serde_json::{Value, json};

use super::{Object, files::File, names::Names, object};
use crate::kinds::CONFIG_MAP;

pub fn build(names: &Names<'_>, file: &File, node: Option<&crate::node::Effective>) -> Object {
    let data = serde_json::Map::from_iter([(file.name.to_owned(), Value::from(file.content.as_str()))]);
    object(names, &CONFIG_MAP, file.config_map.clone(), node, json!({ "immutable": true, "data": data }))
}
