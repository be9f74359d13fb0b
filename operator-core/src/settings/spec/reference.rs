//! How a spec refers to other objects, by name.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::schema::{DATA_KEY, SUBDOMAIN};

/// The name of something.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[schemars(inline)]
pub struct NameRef {
    /// Name.
    #[schemars(length(max = 253), regex(pattern = SUBDOMAIN))]
    pub name: String,
}

/// A Secret in the cluster's namespace, and a key of it.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
#[schemars(inline)]
pub struct SecretRef {
    /// Name of the Secret.
    #[schemars(length(max = 253), regex(pattern = SUBDOMAIN))]
    pub secret_name: String,
    /// Key in its data. Default: the operator's.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(length(max = 253), regex(pattern = DATA_KEY))]
    pub key: Option<String>,
}

/// A key of a Secret or ConfigMap in the cluster's namespace.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[schemars(inline)]
pub struct KeySelector {
    /// Name.
    #[schemars(length(max = 253), regex(pattern = SUBDOMAIN))]
    pub name: String,
    /// Key in its data.
    #[schemars(length(max = 253), regex(pattern = DATA_KEY))]
    pub key: String,
    /// Whether pods start without it. Default: false.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub optional: Option<bool>,
}
