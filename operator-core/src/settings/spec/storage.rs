//! PersistentVolumeClaims of a node.

use std::collections::BTreeMap;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::settings::Quantity;

/// Size and class of a PersistentVolumeClaim.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
#[schemars(
    inline,
    extend("x-kubernetes-validations" = [
        {
            "rule": "!has(self.size) || !isQuantity(string(self.size)) || quantity(string(self.size)).isGreaterThan(quantity('0'))",
            "message": "size must be above 0, such as 50Gi",
        },
        {
            "rule": "!has(oldSelf.size) || !has(self.size) || !isQuantity(string(self.size)) || quantity(string(self.size)).compareTo(quantity(string(oldSelf.size))) >= 0",
            "message": "storage can't shrink: a PersistentVolumeClaim only grows; add a node with smaller storage instead",
        },
        {
            "rule": "!has(self.accessModes) || self.accessModes.size() == 1 || !('ReadWriteOncePod' in self.accessModes)",
            "message": "ReadWriteOncePod can't be given beside other access modes",
        },
    ])
)]
pub struct StorageSpec {
    /// Size, such as `50Gi`; it can't shrink. Default: the operator's.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub size: Option<Quantity>,
    /// Name of the StorageClass; empty: none. Default: the operator's, else Kubernetes'.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(length(max = 253), regex(pattern = OPTIONAL_NAME))]
    pub storage_class: Option<String>,
    /// How the volume can be mounted. Default: `[ReadWriteOnce]`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(length(min = 1, max = 4), extend("x-kubernetes-list-type" = "set"))]
    pub access_modes: Option<Vec<AccessMode>>,
    /// Labels of the PersistentVolumeClaims, in addition to the operator's.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    #[schemars(schema_with = "super::schema::labels")]
    pub labels: BTreeMap<String, String>,
}

/// A DNS subdomain, or nothing.
const OPTIONAL_NAME: &str = r"^([a-z0-9]+((-+|\.)[a-z0-9]+)*)?$";

/// How a volume can be mounted.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[schemars(inline)]
pub enum AccessMode {
    /// By one Kubernetes node.
    ReadWriteOnce,
    /// By one pod.
    ReadWriteOncePod,
    /// By many Kubernetes nodes, read-only.
    ReadOnlyMany,
    /// By many Kubernetes nodes.
    ReadWriteMany,
}

/// Whether PersistentVolumeClaims that no pod needs any more are deleted.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
#[schemars(inline)]
pub struct StorageRetention {
    /// When the node is scaled down. Default: `Retain`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub when_scaled: Option<Retention>,
    /// When the node or the cluster is deleted. Default: `Retain`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub when_deleted: Option<Retention>,
}

/// What happens to a PersistentVolumeClaim.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[schemars(inline)]
pub enum Retention {
    /// It is kept, with its data.
    Retain,
    /// It is deleted, with its data.
    Delete,
}
