//! The Deployment of a node.

use serde_json::{Value, json};

use super::{Object, names::Names, strategy};
use crate::{
    model::kind::DEPLOYMENT,
    settings::{ResolvedNode, Scale},
};

pub fn build(names: &Names<'_>, node: &ResolvedNode, pod: Value) -> Object {
    let mut spec = json!({
        "selector": { "matchLabels": names.selector(&node.name) },
        "strategy": strategy::build(node),
        "template": pod,
    });
    if node.scale() != Scale::Autoscaled {
        spec["replicas"] = node.replicas().into();
    }
    strategy::set_min_ready(node, &mut spec);
    Object::new(&DEPLOYMENT, names.node(&node.name), Some(node), json!({ "spec": spec }))
}
