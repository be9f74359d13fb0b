//! The StatefulSet of a node.

use serde_json::{Value, json};

use super::{
    Object,
    names::{MANAGED_BY, Names, manager},
    strategy,
};
use crate::{
    model::kind::STATEFUL_SET,
    settings::{
        Claim, PodManagement, Quantity, ResolvedNode, Retention,
        json::{at, fields},
    },
};

pub fn build(names: &Names<'_>, node: &ResolvedNode, pod: Value) -> Object {
    let name = names.node(&node.name);
    let retention = node.spec.storage_retention.unwrap_or_default();
    let claims = node.claims.iter().map(|claim| claim_template(names, node, claim));
    let spec = json!({
        "replicas": strategy::replicas(node),
        "serviceName": name,
        "podManagementPolicy": node.spec.settings.pod_management_policy.unwrap_or(PodManagement::Parallel),
        "persistentVolumeClaimRetentionPolicy": {
            "whenScaled": retention.when_scaled.unwrap_or(Retention::Retain),
            "whenDeleted": retention.when_deleted.unwrap_or(Retention::Retain),
        },
        "selector": { "matchLabels": names.selector(&node.name) },
        "updateStrategy": strategy::build(node),
        "minReadySeconds": strategy::min_ready(node),
        "template": pod,
        "volumeClaimTemplates": (!node.claims.is_empty()).then(|| Value::from_iter(claims)),
    });
    Object::new(&STATEFUL_SET, name, Some(node), json!({ "spec": spec }))
}

/// Names and sizes of the PVCs in a StatefulSet's JSON.
pub fn claims(set: &Value) -> Vec<(String, Quantity)> {
    let claim = |claim: &Value| {
        let name = claim.pointer("/metadata/name")?.as_str()?;
        let size = claim.pointer("/spec/resources/requests/storage")?.as_str()?;
        Some((name.to_owned(), size.parse().ok()?))
    };
    at(set, "spec.volumeClaimTemplates.*").into_iter().filter_map(claim).collect()
}

/// As the API server stores it, defaults included: the list is atomic, so its items are compared as a whole.
fn claim_template(names: &Names<'_>, node: &ResolvedNode, claim: &Claim) -> Value {
    let mut labels = fields(json!(claim.labels));
    labels.extend(names.selector(&node.name));
    // PVCs have no owner: they are watched by this label.
    labels.insert(MANAGED_BY.to_owned(), manager(names.definition).into());
    json!({
        "apiVersion": "v1",
        "kind": "PersistentVolumeClaim",
        "metadata": { "name": claim.name, "labels": labels },
        "spec": {
            "accessModes": claim.access_modes,
            "resources": { "requests": { "storage": claim.size } },
            "storageClassName": claim.class,
            "volumeMode": "Filesystem",
        },
    })
}
