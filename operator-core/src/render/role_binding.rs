//! Binds a node's Role to the ServiceAccount of its pods.

use serde_json::json;

use super::{Object, names::Names};
use crate::{
    model::kind::{ROLE, ROLE_BINDING},
    settings::ResolvedNode,
};

/// `account` is what the pods run as.
pub fn build(names: &Names<'_>, node: &ResolvedNode, account: &str) -> Option<Object> {
    let name = names.node(&node.name);
    let body = json!({
        "roleRef": { "apiGroup": ROLE.group, "kind": ROLE.kind, "name": name },
        "subjects": [{ "kind": "ServiceAccount", "name": account, "namespace": names.cluster.namespace }],
    });
    (!node.node_type.rules().is_empty()).then(|| Object::new(&ROLE_BINDING, name, Some(node), body))
}
