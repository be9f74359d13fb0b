//! How a spec refers to other objects, by name.

use super::{
    part::parts,
    schema::{DATA_KEY, SUBDOMAIN},
};

parts! {
    /// The name of something.
    #[derive(Eq)]
    pub struct NameRef {
        /// Name.
        #[schemars(length(max = 253), regex(pattern = SUBDOMAIN))]
        name: String,
    }

    /// A Secret in the cluster's namespace, and a key of it.
    #[derive(Eq)]
    pub struct SecretRef {
        /// Name of the Secret.
        #[schemars(length(max = 253), regex(pattern = SUBDOMAIN))]
        secret_name: String,
        /// Key in its data. Default: the operator's.
        #[schemars(length(max = 253), regex(pattern = DATA_KEY))]
        key: Option<String>,
    }

    /// A key of a Secret or ConfigMap in the cluster's namespace.
    pub struct KeySelector {
        /// Name.
        #[schemars(length(max = 253), regex(pattern = SUBDOMAIN))]
        name: String,
        /// Key in its data.
        #[schemars(length(max = 253), regex(pattern = DATA_KEY))]
        key: String,
        /// Whether pods start without it. Default: false.
        optional: Option<bool>,
    }
}
