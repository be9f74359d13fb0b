//! The Deployment of a node.

use serde_json::{Value, json};

use super::{Object, names::Names, strategy};
use crate::{model::kind::DEPLOYMENT, settings::ResolvedNode};

pub fn build(names: &Names<'_>, node: &ResolvedNode, pod: Value) -> Object {
    let spec = json!({
        "replicas": strategy::replicas(node),
        "selector": { "matchLabels": names.selector(&node.name) },
        "strategy": strategy::build(node),
        "minReadySeconds": strategy::min_ready(node),
        "template": pod,
    });
    Object::new(&DEPLOYMENT, names.node(&node.name), Some(node), json!({ "spec": spec }))
}
