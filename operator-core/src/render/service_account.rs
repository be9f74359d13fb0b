//! The ServiceAccount of a node's pods, where the node type has rights at the API server.

use serde_json::json;

use super::{Object, names::Names};
use crate::{model::kind::SERVICE_ACCOUNT, settings::ResolvedNode};

pub fn build(names: &Names<'_>, node: &ResolvedNode) -> Object {
    Object::new(&SERVICE_ACCOUNT, names.node(&node.name), Some(node), json!({}))
}
