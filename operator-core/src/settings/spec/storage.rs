//! PersistentVolumeClaims of a node.

use std::collections::BTreeMap;

use super::{part::parts, schema::Text};
use crate::settings::Quantity;

/// A DNS subdomain, or nothing.
const OPTIONAL_NAME: Text = Text { longest: 253, pattern: r"^([a-z0-9]+((-+|\.)[a-z0-9]+)*)?$" };

parts! {
    /// Size and class of a PersistentVolumeClaim.
    pub struct StorageSpec {
        /// Size, such as `50Gi`; it can't shrink. Default: the operator's.
        size: Option<Quantity>,
        /// Name of the StorageClass; empty: none. Default: the operator's, else Kubernetes'.
        storage_class: Option<String> as OPTIONAL_NAME,
        /// How the volume can be mounted. Default: `[ReadWriteOnce]`.
        #[schemars(length(min = 1, max = 4), extend("x-kubernetes-list-type" = "set"))]
        access_modes: Option<Vec<AccessMode>>,
        /// Labels of the PersistentVolumeClaims, in addition to the operator's.
        #[schemars(schema_with = "super::schema::labels")]
        labels: BTreeMap<String, String>,
    } where {
        "!has(self.size) || !isQuantity(string(self.size)) || quantity(string(self.size)).isGreaterThan(quantity('0'))":
            "size must be above 0, such as 50Gi",
        "!has(oldSelf.size) || !has(self.size) || !isQuantity(string(self.size)) || quantity(string(self.size)).compareTo(quantity(string(oldSelf.size))) >= 0":
            "storage can't shrink: a PersistentVolumeClaim only grows; add a node with smaller storage instead",
        "!has(self.accessModes) || self.accessModes.size() == 1 || !('ReadWriteOncePod' in self.accessModes)":
            "ReadWriteOncePod can't be given beside other access modes",
    }

    /// How a volume can be mounted.
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
    #[derive(Copy)]
    pub struct StorageRetention {
        /// When the node is scaled down. Default: `Retain`.
        when_scaled: Option<Retention>,
        /// When the node or the cluster is deleted. Default: `Retain`.
        when_deleted: Option<Retention>,
    }

    /// What happens to a PersistentVolumeClaim.
    pub enum Retention {
        /// It is kept, with its data.
        Retain,
        /// It is deleted, with its data.
        Delete,
    }
}
