//! The Deployment of a node.

use serde_json::{Value, json};

use super::{Object, names::Names, object, replicas};
use crate::{kinds::DEPLOYMENT, node::Effective};

pub fn build(names: &Names<'_>, node: &Effective, pod: Value) -> Object {
    let spec = json!({
        "replicas": replicas(node),
        "selector": { "matchLabels": names.selector(&node.name) },
        "template": pod,
    });
    object(names, &DEPLOYMENT, names.node(&node.name), Some(node), json!({ "spec": spec }))
}
