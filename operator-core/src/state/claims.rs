//! PersistentVolumeClaims: made by StatefulSets, owned by nobody. Exact labels say whose they are.

use serde::Deserialize;
use serde_json::{Value, value::RawValue};

use super::child::{Metadata, Object};
use crate::{
    model::Quantity,
    render::names::{INSTANCE, cut},
};

/// What stands for a cluster's UID as the owner of its claims, with the operator that manages them: they outlive the cluster, and are its
/// successor's of the same kind and name.
pub fn owner(manager: &str, namespace: &str, cluster: &str) -> String {
    format!("{manager}/{namespace}/{}", cut(cluster, 63))
}

/// The [`owner`] of a claim, by its metadata.
pub(super) fn owner_of(manager: &str, metadata: &Metadata<'_>) -> Option<String> {
    Some(format!("{manager}/{}/{}", metadata.namespace.as_ref()?, metadata.label(INSTANCE)?))
}

/// The size that a bound claim asks for: the API server lets no other grow.
pub(super) fn bound(claim: &Object<'_>) -> Option<Quantity> {
    let status: Value = serde_json::from_str(claim.status?.get()).ok()?;
    if status.get("phase").and_then(Value::as_str) == Some("Bound") { size(claim.spec?) } else { None }
}

/// The size that a claim, or a claim template, asks for by its spec.
pub(super) fn size(spec: &RawValue) -> Option<Quantity> {
    #[derive(Deserialize)]
    struct Spec {
        resources: Resources,
    }
    #[derive(Deserialize)]
    struct Resources {
        requests: Requests,
    }
    #[derive(Deserialize)]
    struct Requests {
        storage: String,
    }
    serde_json::from_str::<Spec>(spec.get()).ok()?.resources.requests.storage.parse().ok()
}
