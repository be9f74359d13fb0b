//! The DaemonSet of a node.

use serde_json::{Value, json};

use super::{Object, names::Names};
use crate::{kinds::DAEMON_SET, node::Effective};

pub fn build(names: &Names<'_>, node: &Effective, pod: Value) -> Object {
    let spec = json!({ "selector": { "matchLabels": names.selector(&node.name) }, "template": pod });
    Object::new(&DAEMON_SET, names.node(&node.name), Some(node), json!({ "spec": spec }))
}
