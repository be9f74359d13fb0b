//! What a hook adds, made like what core makes. A workload becomes a node of its own: a row in the status, labels by which its pods are found,
//! and a place in the order. That is the one of the node that it was added for; what was added for the cluster comes last.

use std::sync::Arc;

use serde_json::Value;

use super::super::{names::Names, normal, pod, workload};
use crate::{
    model::{
        Node, Object, Scale,
        kind::{CRON_JOB, DEPLOYMENT, STATEFUL_SET},
    },
    settings::json::at_mut,
};

/// Finishes an object that a hook added for a node, or for the cluster.
pub fn finish(object: &mut Object, names: &Names<'_>, of: Option<&Node>) {
    let template = if object.kind == &CRON_JOB { "spec.jobTemplate.spec.template" } else { "spec.template" };
    if !object.kind.is_workload() && object.kind != &CRON_JOB {
        return;
    }
    for template in at_mut(&mut object.json, template) {
        pod::confine_all(template);
        normal::template(template);
    }
    if object.kind.is_workload() {
        let node = node(object, &names.cluster.name, of);
        object.scale = node.scale;
        object.node = Some(Arc::new(node));
        workload::finish(object, names, &[], None);
    }
}

fn node(object: &Object, cluster: &str, of: Option<&Node>) -> Node {
    let name = object.name.strip_prefix(cluster).and_then(|rest| rest.strip_prefix('-'));
    let replicas = object.json.pointer("/spec/replicas").and_then(Value::as_i64);
    let replicas = replicas.and_then(|replicas| i32::try_from(replicas).ok());
    let is_scaled = object.kind == &STATEFUL_SET || object.kind == &DEPLOYMENT;
    Node {
        name: name.filter(|name| !name.is_empty()).unwrap_or(&object.name).to_owned(),
        of_type: None,
        path: of.map(|of| of.path.clone()).unwrap_or_default(),
        order: of.map_or(i32::MAX, |of| of.order),
        kind: object.kind.clone(),
        replicas: replicas.filter(|_| is_scaled).unwrap_or(1),
        scale: match replicas {
            _ if !is_scaled => Scale::Unscaled,
            Some(replicas) => Scale::Fixed(replicas),
            None => Scale::Initial,
        },
    }
}
