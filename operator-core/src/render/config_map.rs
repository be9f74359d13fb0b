//! A ConfigMap per configuration file: immutable and named after its content, unless changes reach running pods.

use serde_json::json;

use super::{Object, files::File};
use crate::{definition::Reload, model::kind::CONFIG_MAP, settings::ResolvedNode};

pub fn build(file: &File, node: &ResolvedNode) -> Object {
    let immutable = (file.reload == Reload::Pods).then_some(true);
    let body = json!({ "immutable": immutable, "data": { file.name: file.content } });
    Object::new(&CONFIG_MAP, file.config_map.clone(), file.of_node.then_some(node), body)
}
