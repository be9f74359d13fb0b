//! The Role of a node's pods, where the node type grants rights at the API server.

use serde_json::{Value, json};

use super::{Object, names::Names};
use crate::{model::kind::ROLE, settings::ResolvedNode};

pub fn build(names: &Names<'_>, node: &ResolvedNode) -> Option<Object> {
    let rules: Vec<Value> = node
        .node_type
        .rules()
        .iter()
        .map(|rule| json!({ "apiGroups": rule.groups, "resources": rule.resources, "verbs": rule.verbs }))
        .collect();
    let name = names.node(&node.name);
    (!rules.is_empty()).then(|| Object::new(&ROLE, name, Some(node), json!({ "rules": rules })))
}
