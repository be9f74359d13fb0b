//! Parts of a node that are about its container.

use std::collections::BTreeMap;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::{
    KeySelector,
    schema::{ENV_NAME, LABEL, PORT_NAME},
};
use crate::settings::Quantity;

/// When an image is pulled.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[schemars(inline)]
pub enum PullPolicy {
    /// At each start of a container.
    Always,
    /// Where the Kubernetes node doesn't have it yet.
    IfNotPresent,
    /// Never.
    Never,
}

/// CPU, memory and other resources of a container.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[schemars(
    inline,
    extend("x-kubernetes-validations" = [{
        "rule": "!has(self.limits) || !has(self.requests) || self.requests.all(key, !(key in self.limits) || [self.requests[key], self.limits[key]].exists(q, !isQuantity(string(q))) || !quantity(string(self.requests[key])).isGreaterThan(quantity(string(self.limits[key]))))",
        "message": "a request is above its limit: raise the limit, or lower the request",
    }])
)]
pub struct Resources {
    /// Maximum amounts: `cpu` in cores (`500m`), `memory` in bytes (`4Gi`), others. Default: no limit.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    #[schemars(schema_with = "super::schema::resources")]
    pub limits: BTreeMap<String, Quantity>,
    /// Amounts that the scheduler reserves, in the same units. Default: the limits.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    #[schemars(schema_with = "super::schema::resources")]
    pub requests: BTreeMap<String, Quantity>,
}

/// An environment variable.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
#[schemars(
    inline,
    extend("x-kubernetes-validations" = [{
        "rule": "!(has(self.value) && self.value != '' && has(self.valueFrom))",
        "message": "give value or valueFrom, not both",
    }])
)]
pub struct EnvVar {
    /// Name: ASCII without `=`.
    #[schemars(length(max = 253), regex(pattern = ENV_NAME))]
    pub name: String,
    /// Value; `$(NAME)` is replaced by another variable's value.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub value: Option<String>,
    /// Source of the value, instead of `value`; validated with the pods.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub value_from: Option<EnvSource>,
}

/// Source of an environment variable's value: one of them.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
#[schemars(
    inline,
    extend("x-kubernetes-validations" = [{
        "rule": "[has(self.secretKeyRef), has(self.configMapKeyRef), has(self.fieldRef), has(self.resourceFieldRef)].exists_one(x, x)",
        "message": "give one of secretKeyRef, configMapKeyRef, fieldRef and resourceFieldRef",
    }])
)]
pub struct EnvSource {
    /// A key of a Secret: name, key, optional.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(schema_with = "super::schema::preserved")]
    pub secret_key_ref: Option<KeySelector>,
    /// A key of a ConfigMap: name, key, optional.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(schema_with = "super::schema::preserved")]
    pub config_map_key_ref: Option<KeySelector>,
    /// A field of the pod: fieldPath.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(schema_with = "super::schema::preserved")]
    pub field_ref: Option<FieldSelector>,
    /// A resource of a container: resource, divisor, containerName.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(schema_with = "super::schema::preserved")]
    pub resource_field_ref: Option<ResourceSelector>,
}

/// A field of the pod.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
#[schemars(inline)]
pub struct FieldSelector {
    /// Path, such as `metadata.name` or `status.podIP`.
    #[schemars(length(max = 400), regex(pattern = FIELD_PATH))]
    pub field_path: String,
}

/// Fields of a pod that an environment variable can hold; source: `validateObjectFieldSelector`.
const FIELD_PATH: &str = r"^(metadata\.(name|namespace|uid|(labels|annotations)\['[^']+'\])|spec\.(nodeName|serviceAccountName)|status\.(hostIPs?|podIPs?))$";

/// A resource of a container.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
#[schemars(inline)]
pub struct ResourceSelector {
    /// Resource, such as `limits.memory` or `requests.cpu`.
    #[schemars(length(max = 253), regex(pattern = RESOURCE))]
    pub resource: String,
    /// Unit of the value, which is rounded up, such as `1Mi`. Default: 1.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub divisor: Option<Quantity>,
    /// Name of the container. Default: the variable's own.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(length(max = 63), regex(pattern = LABEL))]
    pub container_name: Option<String>,
}

/// Resources that an environment variable can hold; source: `validateContainerResourceFieldSelector`.
const RESOURCE: &str = r"^(limits|requests)\.(cpu|memory|ephemeral-storage|hugepages-\S+)$";

/// A port of the container and of the node's Service.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
#[schemars(inline)]
pub struct NodePort {
    /// Name: at most 15 of a-z, 0-9 and `-`, one a letter.
    #[schemars(length(max = 15), regex(pattern = PORT_NAME))]
    pub name: String,
    /// Number, 1 to 65535.
    #[schemars(range(min = 1, max = 65535))]
    pub number: u16,
    /// `TCP`, `UDP` or `SCTP`. Default: `TCP`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(extend("enum" = ["TCP", "UDP", "SCTP"]))]
    pub protocol: Option<String>,
}
