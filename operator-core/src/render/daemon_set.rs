//! The DaemonSet of a node.

use serde_json::{Value, json};

use super::{Object, names::Names, strategy};
use crate::{model::kind::DAEMON_SET, settings::ResolvedNode};

pub fn build(names: &Names<'_>, node: &ResolvedNode, pod: Value) -> Object {
    let spec = json!({
        "selector": { "matchLabels": names.selector(&node.name) },
        "updateStrategy": strategy::build(node),
        "minReadySeconds": strategy::min_ready(node),
        "template": pod,
    });
    Object::new(&DAEMON_SET, names.node(&node.name), Some(node), json!({ "spec": spec }))
}
