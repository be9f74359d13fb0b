//! PersistentVolumeClaims: made by StatefulSets, owned by nobody. Exact labels say whose they are.

use serde_json::Value;

use crate::{
    render::names::{INSTANCE, cut},
    settings::Quantity,
};

/// What stands for a cluster's UID as the owner of its claims: they outlive the cluster, and are its successor's of the same name.
pub fn owner(namespace: &str, cluster: &str) -> String {
    format!("{namespace}/{}", cut(cluster, 63))
}

/// The [`owner`] of a claim, by its metadata.
pub(super) fn owner_of(metadata: &Value) -> Option<String> {
    let instance = metadata.get("labels")?.get(INSTANCE)?.as_str()?;
    Some(format!("{}/{instance}", metadata.get("namespace")?.as_str()?))
}

/// The size that a bound claim asks for: the API server lets no other grow.
pub(super) fn bound(claim: &Value) -> Option<Quantity> {
    let phase = claim.pointer("/status/phase").and_then(Value::as_str);
    if phase == Some("Bound") { size(claim) } else { None }
}

/// The size that a claim, or a claim template, asks for.
pub(super) fn size(claim: &Value) -> Option<Quantity> {
    claim.pointer("/spec/resources/requests/storage")?.as_str()?.parse().ok()
}
