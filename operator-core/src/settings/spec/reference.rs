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
        name: String as SUBDOMAIN,
    }

    /// A Secret in the cluster's namespace, and a key of it.
    #[derive(Eq)]
    pub struct SecretRef {
        /// Name of the Secret.
        secret_name: String as SUBDOMAIN,
        /// Key in its data. Default: the operator's.
        key: Option<String> as DATA_KEY,
    }

    /// A key of a Secret or ConfigMap in the cluster's namespace.
    pub struct KeySelector {
        /// Name.
        name: String as SUBDOMAIN,
        /// Key in its data.
        key: String as DATA_KEY,
        /// Whether pods start without it. Default: false.
        optional: Option<bool>,
    }
}
