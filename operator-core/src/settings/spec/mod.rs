//! `NodeSpec` and its parts: the schema that every node type has in common.
//!
//! Nothing here has a default: a default in the schema would be stored in every object and then beat every lower layer.
//!
//! What is large is boxed. A spec holds many of these by value, and a debug build has a dozen copies of each on the stack while it is read.
//!
//! | module | holds parts about |
//! | --- | --- |
//! | `container`, `pod` | the container; the pods |
//! | `storage` | claims |
//! | `children` | objects beside the workload |
//! | `reference` | references to other objects |
//! | `schema` | schemas and patterns that several parts share |
//! | `kubernetes` | schemas of Kubernetes' own types |

mod children;
mod container;
pub(crate) mod kubernetes;
mod pod;
mod reference;
pub(crate) mod schema;
mod storage;

use std::collections::BTreeMap;

use k8s_openapi::api::core::v1::{
    EnvFromSource, HostAlias, PodDNSConfig, PodSecurityContext, Probe, SecurityContext, TopologySpreadConstraint,
    VolumeMount,
};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::Value;

use schema::{LABEL, SUBDOMAIN};

pub use children::*;
pub use container::*;
pub use pod::*;
pub use reference::*;
pub use storage::*;

/// What the user of a custom resource says of one node.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct NodeSpec {
    /// Number of pods. Default: 1, or what an autoscaler has set before.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(range(min = 0))]
    pub replicas: Option<i32>,

    /// Name of a group in `configGroups`, whose settings stand under the node's own.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(length(max = 63), regex(pattern = LABEL))]
    pub config_group: Option<String>,

    /// Claims of every pod, by name.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    #[schemars(extend("maxProperties" = 16))]
    pub storage: BTreeMap<String, StorageSpec>,

    /// What becomes of claims that no pod needs any more. Default: they are kept.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub storage_retention: Option<StorageRetention>,

    /// Lets a HorizontalPodAutoscaler set the number of pods, instead of `replicas`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub autoscaling: Option<Box<Autoscaling>>,

    /// An Ingress to the node's Service.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub ingress: Option<Box<IngressSpec>>,

    /// An HTTPRoute of the Gateway API to the node's Service.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub http_route: Option<Box<HttpRouteSpec>>,

    /// What nodes can share.
    #[serde(flatten)]
    pub settings: Box<NodeDefaults>,
}

/// What a group of nodes can share: a [`NodeSpec`] without what is a node's own.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct NodeDefaults {
    /// Image of the container. Default: the cluster's.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(length(max = 1024), regex(pattern = r"^\S+$"))]
    pub image: Option<String>,

    /// When the image is pulled. Default: `Always` for the tag `latest`, else `IfNotPresent`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub image_pull_policy: Option<PullPolicy>,

    /// Secrets with which images are pulled; merged by name.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    #[schemars(extend("maxItems" = 20, "x-kubernetes-list-type" = "map", "x-kubernetes-list-map-keys" = ["name"]))]
    pub image_pull_secrets: Vec<NameRef>,

    /// CPU, memory and other resources of the container.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub resources: Option<Resources>,

    /// Environment variables; merged by name with the operator's.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    #[schemars(extend("maxItems" = 200, "x-kubernetes-list-type" = "map", "x-kubernetes-list-map-keys" = ["name"]))]
    pub env: Vec<EnvVar>,

    /// ConfigMaps and Secrets whose keys become environment variables, under `env`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(schema_with = "kubernetes::env_from")]
    pub env_from: Option<Vec<EnvFromSource>>,

    /// Arguments after those of the operator.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(length(max = 100))]
    pub args: Option<Vec<String>>,

    /// Ports of the container and of the node's Service, beside the operator's; merged by name.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    #[schemars(extend(
        "maxItems" = 20,
        "x-kubernetes-list-type" = "map",
        "x-kubernetes-list-map-keys" = ["name"],
        "x-kubernetes-validations" = schema::unique_numbers("number"),
    ))]
    pub ports: Vec<NodePort>,

    /// Volumes of the pods beside the operator's, as in a pod's `volumes`; merged by name, judged with the pods.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    #[schemars(schema_with = "schema::named_list_of_preserved")]
    pub volumes: Vec<Value>,

    /// Where the container mounts them; merged by path.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    #[schemars(schema_with = "kubernetes::volume_mounts")]
    pub volume_mounts: Vec<VolumeMount>,

    /// Labels of the machines on which the pods may run.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    #[schemars(schema_with = "schema::labels")]
    pub node_selector: BTreeMap<String, String>,

    /// Taints of machines that the pods tolerate; merged by key and effect.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(length(max = 50))]
    pub tolerations: Option<Vec<Toleration>>,

    /// Machines and pods to seek or avoid, as in a pod's `affinity`; judged with the pods.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(schema_with = "schema::preserved")]
    pub affinity: Option<Value>,

    /// How the pods are spread. Default: over zones and hosts where that can be done; `[]`: not at all.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(schema_with = "kubernetes::topology_spread")]
    pub topology_spread_constraints: Option<Vec<TopologySpreadConstraint>>,

    /// Gates that others open before the pods are scheduled; merged by name.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    #[schemars(schema_with = "schema::scheduling_gates")]
    pub scheduling_gates: Vec<NameRef>,

    /// Name of the pods' PriorityClass. Default: Kubernetes'.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(length(max = 253), regex(pattern = SUBDOMAIN))]
    pub priority_class_name: Option<String>,

    /// Name of the pods' RuntimeClass. Default: none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(length(max = 253), regex(pattern = SUBDOMAIN))]
    pub runtime_class_name: Option<String>,

    /// Name of the pods' ServiceAccount. Default: their own where the operator gives them rights, else `default`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(length(max = 253), regex(pattern = SUBDOMAIN))]
    pub service_account_name: Option<String>,

    /// Whether the pods get a token for the API server. Default: only where the operator gives them rights.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub automount_service_account_token: Option<bool>,

    /// Security of the pods, over the `restricted` standard.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(schema_with = "kubernetes::pod_security_context")]
    pub pod_security_context: Option<Box<PodSecurityContext>>,

    /// Security of the container, over the `restricted` standard.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(schema_with = "kubernetes::security_context")]
    pub security_context: Option<Box<SecurityContext>>,

    /// Asks whether a pod takes traffic. Default: the operator's, else none; `{}`: none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(schema_with = "kubernetes::readiness_probe")]
    pub readiness_probe: Option<Box<Probe>>,

    /// Asks whether the container must be restarted. Default: the operator's, else none; `{}`: none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(schema_with = "kubernetes::liveness_probe")]
    pub liveness_probe: Option<Box<Probe>>,

    /// Asks whether the container has started; other probes wait. Default: the operator's, else none; `{}`: none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(schema_with = "kubernetes::liveness_probe")]
    pub startup_probe: Option<Box<Probe>>,

    /// What runs after the container's start and before its end, as in a container's `lifecycle`; judged with the pods.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(schema_with = "schema::preserved")]
    pub lifecycle: Option<Value>,

    /// Seconds a pod gets to end by itself. Default: 30.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(range(min = 0))]
    pub termination_grace_period_seconds: Option<i64>,

    /// Seconds a pod must be ready before it counts as available. Default: 0.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(range(min = 0))]
    pub min_ready_seconds: Option<i32>,

    /// Labels of the pods, beside the operator's own.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    #[schemars(schema_with = "schema::labels")]
    pub pod_labels: BTreeMap<String, String>,

    /// Annotations of the pods.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    #[schemars(schema_with = "schema::annotations")]
    pub pod_annotations: BTreeMap<String, String>,

    /// Containers that run before the others, as in a pod's `initContainers`; merged by name, judged with the pods.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    #[schemars(schema_with = "schema::named_list_of_preserved")]
    pub init_containers: Vec<Value>,

    /// Containers beside the node's own, as in a pod's `containers`; merged by name, judged with the pods.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    #[schemars(schema_with = "schema::named_list_of_preserved")]
    pub sidecars: Vec<Value>,

    /// How names are resolved. Default: `ClusterFirst`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub dns_policy: Option<DnsPolicy>,

    /// Name servers and search domains beside those of `dnsPolicy`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(schema_with = "kubernetes::dns_config")]
    pub dns_config: Option<Box<PodDNSConfig>>,

    /// Lines of the pods' `/etc/hosts`; merged by address.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    #[schemars(schema_with = "kubernetes::host_aliases")]
    pub host_aliases: Vec<HostAlias>,

    /// How pods are replaced when the node changes.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub update_strategy: Option<Box<UpdateStrategy>>,

    /// How the pods are started. Default: `Parallel`, all at once.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub pod_management_policy: Option<PodManagement>,

    /// What configuration files hold, by file name, over what the spec says.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    #[schemars(schema_with = "schema::config_overrides")]
    pub config_overrides: BTreeMap<String, Value>,

    /// The node's Service, which is there where the node has ports.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub service: Option<Box<ServiceSpec>>,

    /// How many pods may be missing at once by people's will.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub disruption_budget: Option<DisruptionBudget>,

    /// Who may connect to the pods. Default: everyone.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub network_policy: Option<Box<NetworkPolicySpec>>,

    /// A ServiceMonitor of the Prometheus operator. Default: none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub service_monitor: Option<Box<ServiceMonitorSpec>>,

    /// Laid over the finished pod template, as `kubectl patch --type strategic` would; judged with the pods.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(schema_with = "schema::preserved")]
    pub pod_overrides: Option<Value>,
}
