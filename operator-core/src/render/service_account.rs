//! The ServiceAccount of a node's pods, where they have rights and the custom resource names no other.

use serde_json::json;

use super::{Object, names::Names};
use crate::{model::kind::SERVICE_ACCOUNT, settings::ResolvedNode};

/// `account` is what the pods run as.
pub fn build(names: &Names<'_>, node: &ResolvedNode, account: &str) -> Option<Object> {
    let name = names.node(&node.name);
    let own =
        !node.node_type.rules().is_empty() && node.spec.settings.service_account_name.is_none() && account == name;
    own.then(|| Object::new(&SERVICE_ACCOUNT, name, Some(node), json!({})))
}
