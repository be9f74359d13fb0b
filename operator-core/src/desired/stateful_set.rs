//! The StatefulSet of a node.

use serde_json::{Value, json};

use super::{Object, names::Names};
use crate::{
    kinds::STATEFUL_SET,
    node::{Claim, Effective, Scale},
};

pub fn build(names: &Names<'_>, node: &Effective, pod: Value) -> Object {
    let name = names.node(&node.name);
    let mut spec = json!({
        "serviceName": name,
        "podManagementPolicy": "Parallel",
        "selector": { "matchLabels": names.selector(&node.name) },
        "template": pod,
    });
    if node.scale() != Scale::Autoscaled {
        spec["replicas"] = node.replicas().into();
    }
    if !node.claims.is_empty() {
        spec["volumeClaimTemplates"] = node.claims.iter().map(|claim| claim_template(names, node, claim)).collect();
    }
    let mut built = Object::new(&STATEFUL_SET, name, Some(node), json!({ "spec": spec }));
    built.claims = node.claims.iter().map(|claim| (claim.name.to_owned(), claim.size.clone())).collect();
    built
}

/// As the API server stores it, defaults included: the list is atomic, so its items are compared as a whole.
fn claim_template(names: &Names<'_>, node: &Effective, claim: &Claim) -> Value {
    let mut spec = json!({
        "accessModes": ["ReadWriteOnce"],
        "resources": { "requests": { "storage": claim.size } },
        "volumeMode": "Filesystem",
    });
    if let Some(class) = &claim.class {
        spec["storageClassName"] = class.as_str().into();
    }
    json!({
        "apiVersion": "v1",
        "kind": "PersistentVolumeClaim",
        "metadata": { "name": claim.name, "labels": names.selector(&node.name) },
        "spec": spec,
    })
}
