//! PersistentVolumeClaims: made by StatefulSets, owned by nobody. Exact labels say whose they are.

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

/// Namespace and name of the cluster that an [`owner`] stands for, if it does for one of this operator's: a kind's schema admits no name that
/// would have to be cut.
pub fn cluster<'a>(manager: &str, owner: &'a str) -> Option<(&'a str, &'a str)> {
    owner.strip_prefix(manager)?.strip_prefix('/')?.split_once('/')
}

/// The [`owner`] of a claim, by its metadata.
pub(super) fn owner_of(manager: &str, metadata: &Metadata<'_>) -> Option<String> {
    Some(format!("{manager}/{}/{}", metadata.namespace.as_ref()?, metadata.label(INSTANCE)?))
}

/// The size that a bound claim asks for: the API server lets no other grow.
pub(super) fn bound(claim: &Object<'_>) -> Option<Quantity> {
    let read = |part: &RawValue| serde_json::from_str::<Value>(part.get()).ok();
    (read(claim.status?)?.get("phase")? == "Bound").then(|| size(&read(claim.spec?)?)).flatten()
}

/// The size that a claim, or a claim template, asks for by its spec.
pub(super) fn size(spec: &Value) -> Option<Quantity> {
    spec.pointer("/resources/requests/storage")?.as_str()?.parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        definition::Definition,
        model::{Kind, kind::CLAIM},
        state::{Child, Manager},
    };
    use serde_json::json;

    #[test]
    fn clusters_of_one_name_and_two_kinds_have_claims_of_their_own() {
        let manager = |singular| Manager::of(&Definition { group: "g", singular, ..Definition::EMPTY });
        let managers = [manager("druid"), manager("pinot")];
        let read = |manager: &Manager| {
            let labels = json!({ "app.kubernetes.io/managed-by": manager.name, INSTANCE: "a", "g/node": "store" });
            let metadata =
                json!({ "name": "data-a-0", "namespace": "n", "uid": "u", "resourceVersion": "1", "labels": labels });
            Child::read(&Kind::Row(&CLAIM), &managers, &json!({ "metadata": metadata }).to_string()).unwrap()
        };
        for manager in &managers {
            assert_eq!(read(manager).controller.as_deref(), Some(&*owner(&manager.name, "n", "a")));
        }
        let [druids, pinots] = managers.each_ref().map(|manager| read(manager).controller.unwrap());
        assert_eq!(cluster(&managers[0].name, &druids), Some(("n", "a")));
        assert_eq!((cluster(&managers[0].name, &pinots), cluster(&managers[0].name, "uid")), (None, None));
    }
}
