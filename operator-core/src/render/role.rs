//! The Role of a node's pods: the rights of its node type.

use serde_json::{Value, json};

use super::{Object, names::Names};
use crate::{definition::PolicyRule, model::kind::ROLE, settings::ResolvedNode};

pub fn build(names: &Names<'_>, node: &ResolvedNode) -> Object {
    let rule =
        |rule: &PolicyRule| json!({ "apiGroups": rule.groups, "resources": rule.resources, "verbs": rule.verbs });
    let rules: Vec<Value> = node.node_type.rules().iter().map(rule).collect();
    Object::new(&ROLE, names.node(&node.name), Some(node), json!({ "rules": rules }))
}
