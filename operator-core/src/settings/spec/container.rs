//! Parts of a node that are about its container.

use std::collections::BTreeMap;

use super::{
    KeySelector,
    part::parts,
    schema::{ENV_NAME, LABEL, PORT_NAME, Text},
};
use crate::settings::Quantity;

/// Fields of a pod that an environment variable can hold; source: `validateObjectFieldSelector`.
const FIELD_PATH: Text = Text {
    longest: 400,
    pattern: r"^(metadata\.(name|namespace|uid|(labels|annotations)\['[^']+'\])|spec\.(nodeName|serviceAccountName)|status\.(hostIPs?|podIPs?))$",
};
/// Resources that an environment variable can hold; source: `validateContainerResourceFieldSelector`.
const RESOURCE: Text =
    Text { longest: 253, pattern: r"^(limits|requests)\.(cpu|memory|ephemeral-storage|hugepages-\S+)$" };

parts! {
    /// When an image is pulled.
    pub enum PullPolicy {
        /// At each start of a container.
        Always,
        /// Where the Kubernetes node doesn't have it yet.
        IfNotPresent,
        /// Never.
        Never,
    }

    /// CPU, memory and other resources of a container.
    pub struct Resources {
        /// Maximum amounts: `cpu` in cores (`500m`), `memory` in bytes (`4Gi`), others. Default: no limit.
        #[schemars(schema_with = "super::schema::resources")]
        limits: BTreeMap<String, Quantity>,
        /// Amounts that the scheduler reserves, in the same units. Default: the limits.
        #[schemars(schema_with = "super::schema::resources")]
        requests: BTreeMap<String, Quantity>,
    } where {
        "!has(self.limits) || !has(self.requests) || self.requests.all(key, !(key in self.limits) || [self.requests[key], self.limits[key]].exists(q, !isQuantity(string(q))) || !quantity(string(self.requests[key])).isGreaterThan(quantity(string(self.limits[key]))))":
            "a request is above its limit: raise the limit, or lower the request",
    }

    /// An environment variable.
    pub struct EnvVar {
        /// Name: ASCII without `=`.
        name: String as ENV_NAME,
        /// Value; `$(NAME)` is replaced by another variable's value.
        value: Option<String>,
        /// Source of the value, instead of `value`; validated with the pods.
        value_from: Option<EnvSource>,
    } where {
        "!(has(self.value) && self.value != '' && has(self.valueFrom))": "give value or valueFrom, not both",
    }

    /// Source of an environment variable's value: one of them.
    pub struct EnvSource {
        /// A key of a Secret: name, key, optional.
        #[schemars(schema_with = "super::schema::preserved")]
        secret_key_ref: Option<KeySelector>,
        /// A key of a ConfigMap: name, key, optional.
        #[schemars(schema_with = "super::schema::preserved")]
        config_map_key_ref: Option<KeySelector>,
        /// A field of the pod: fieldPath.
        #[schemars(schema_with = "super::schema::preserved")]
        field_ref: Option<FieldSelector>,
        /// A resource of a container: resource, divisor, containerName.
        #[schemars(schema_with = "super::schema::preserved")]
        resource_field_ref: Option<ResourceSelector>,
    } where {
        "[has(self.secretKeyRef), has(self.configMapKeyRef), has(self.fieldRef), has(self.resourceFieldRef)].exists_one(x, x)":
            "give one of secretKeyRef, configMapKeyRef, fieldRef and resourceFieldRef",
    }

    /// A field of the pod.
    pub struct FieldSelector {
        /// Path, such as `metadata.name` or `status.podIP`.
        field_path: String as FIELD_PATH,
    }

    /// A resource of a container.
    pub struct ResourceSelector {
        /// Resource, such as `limits.memory` or `requests.cpu`.
        resource: String as RESOURCE,
        /// Unit of the value, which is rounded up, such as `1Mi`. Default: 1.
        divisor: Option<Quantity>,
        /// Name of the container. Default: the variable's own.
        container_name: Option<String> as LABEL,
    }

    /// A port of the container and of the node's Service.
    pub struct NodePort {
        /// Name: at most 15 of a-z, 0-9 and `-`, one a letter.
        name: String as PORT_NAME,
        /// Number, 1 to 65535.
        #[schemars(range(min = 1, max = 65535))]
        number: u16,
        /// `TCP`, `UDP` or `SCTP`. Default: `TCP`.
        #[schemars(extend("enum" = ["TCP", "UDP", "SCTP"]))]
        protocol: Option<String>,
    }
}
