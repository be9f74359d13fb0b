//! The StatefulSet of a node.

use serde_json::{Map, Value, json};

use super::{
    Object,
    names::{MANAGED_BY, Names, manager},
    strategy,
};
use crate::{
    model::kind::STATEFUL_SET,
    settings::{Claim, PodManagement, Quantity, ResolvedNode, Retention, Scale},
};

pub fn build(names: &Names<'_>, node: &ResolvedNode, pod: Value) -> Object {
    let name = names.node(&node.name);
    let retention = node.spec.storage_retention.unwrap_or_default();
    let mut spec = json!({
        "serviceName": name,
        "podManagementPolicy": node.spec.settings.pod_management_policy.unwrap_or(PodManagement::Parallel),
        "persistentVolumeClaimRetentionPolicy": {
            "whenScaled": retention.when_scaled.unwrap_or(Retention::Retain),
            "whenDeleted": retention.when_deleted.unwrap_or(Retention::Retain),
        },
        "selector": { "matchLabels": names.selector(&node.name) },
        "updateStrategy": strategy::build(node),
        "template": pod,
    });
    if node.scale() != Scale::Autoscaled {
        spec["replicas"] = node.replicas().into();
    }
    if !node.claims.is_empty() {
        spec["volumeClaimTemplates"] = node.claims.iter().map(|claim| claim_template(names, node, claim)).collect();
    }
    strategy::set_min_ready(node, &mut spec);
    Object::new(&STATEFUL_SET, name, Some(node), json!({ "spec": spec }))
}

/// Names and sizes of the claims in a StatefulSet's JSON.
pub fn claims(set: &Value) -> Vec<(String, Quantity)> {
    let templates = set.pointer("/spec/volumeClaimTemplates").and_then(Value::as_array);
    let claim = |claim: &Value| {
        let name = claim.pointer("/metadata/name")?.as_str()?;
        let size = claim.pointer("/spec/resources/requests/storage")?.as_str()?;
        Some((name.to_owned(), size.parse().ok()?))
    };
    templates.into_iter().flatten().filter_map(claim).collect()
}

/// As the API server stores it, defaults included: the list is atomic, so its items are compared as a whole.
fn claim_template(names: &Names<'_>, node: &ResolvedNode, claim: &Claim) -> Value {
    let mut spec = json!({
        "accessModes": claim.access_modes,
        "resources": { "requests": { "storage": claim.size } },
        "volumeMode": "Filesystem",
    });
    if let Some(class) = &claim.class {
        spec["storageClassName"] = class.as_str().into();
    }
    let mut labels: Map<String, Value> =
        claim.labels.iter().map(|(key, value)| (key.clone(), value.as_str().into())).collect();
    labels.extend(names.selector(&node.name));
    // Claims have no owner: they are watched by this label.
    labels.insert(MANAGED_BY.to_owned(), manager(names.definition).into());
    json!({
        "apiVersion": "v1",
        "kind": "PersistentVolumeClaim",
        "metadata": { "name": claim.name, "labels": labels },
        "spec": spec,
    })
}
