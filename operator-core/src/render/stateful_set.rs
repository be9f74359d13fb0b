//! The StatefulSet of a node.

use serde_json::{Value, json};

use super::{Object, names::Names, strategy};
use crate::{
    model::kind::STATEFUL_SET,
    settings::{Claim, PodManagement, ResolvedNode, Retention},
};

pub fn build(names: &Names<'_>, node: &ResolvedNode, pod: Value) -> Object {
    let name = names.node(&node.name);
    let retention = node.spec.storage_retention.unwrap_or_default();
    let claims = node.claims.iter().map(claim_template);
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

/// Its labels, among others, are added when the workload is finished.
fn claim_template(claim: &Claim) -> Value {
    json!({
        "metadata": { "name": claim.name, "labels": claim.labels },
        "spec": {
            "accessModes": claim.access_modes,
            "resources": { "requests": { "storage": claim.size } },
            "storageClassName": claim.class,
        },
    })
}
