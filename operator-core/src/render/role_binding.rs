//! Binds a node's Role to the ServiceAccount that the operator makes for it, and to no other.

use serde_json::json;

use super::{Object, names::Names};
use crate::{
    model::kind::{ROLE, ROLE_BINDING},
    settings::ResolvedNode,
};

pub fn build(names: &Names<'_>, node: &ResolvedNode) -> Object {
    let name = names.node(&node.name);
    let body = json!({
        "roleRef": { "apiGroup": ROLE.group, "kind": ROLE.kind, "name": name },
        "subjects": [{ "kind": "ServiceAccount", "name": name, "namespace": names.cluster.namespace }],
    });
    Object::new(&ROLE_BINDING, name, Some(node), body)
}
