//! The identity of a cluster.

use serde::{Deserialize, Serialize};

/// The identity of a cluster: what its children need to know of it beside the spec.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Identity {
    /// Namespace.
    pub namespace: String,
    /// Name.
    pub name: String,
    /// UID, which every child's controller reference carries.
    pub uid: String,
}
