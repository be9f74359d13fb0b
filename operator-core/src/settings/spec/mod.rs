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

use super::{
    fields::{
        Fits::{self, Storage, Workloads},
        PassedTo::{Container, PodSpec},
        Setting, node_fields,
    },
    merge::Rule::{self, ByKey, Fields, Whole},
};
use crate::definition::Workload::{DaemonSet, Deployment, StatefulSet};
use schema::{LABEL, SUBDOMAIN};

pub use children::*;
pub use container::*;
pub use pod::*;
pub use reference::*;
pub use storage::*;

/// Workloads whose number of pods can be chosen.
const SCALED: Fits = Workloads(&[StatefulSet, Deployment]);
/// Workloads that replace their pods.
const UPDATED: Fits = Workloads(&[StatefulSet, Deployment, DaemonSet]);
/// Security contexts: a profile's type goes with its other fields.
const PROFILES: Rule = Fields(&[("seccompProfile", Whole), ("appArmorProfile", Whole)]);

fn is_default<T: Default + PartialEq>(value: &T) -> bool {
    *value == T::default()
}

node_fields! {
    /// What the user of a custom resource says of one node.
    pub struct NodeSpec {
        /// Number of pods. Default: 1, or what an autoscaler has set before.
        #[schemars(range(min = 0))]
        replicas: Option<i32> { fits: SCALED },

        /// Name of a group in `configGroups`, whose settings stand under the node's own.
        #[schemars(length(max = 63), regex(pattern = LABEL))]
        config_group: Option<String>,

        /// Claims of every pod, by name.
        #[schemars(extend("maxProperties" = 16))]
        storage: BTreeMap<String, StorageSpec> { fits: Storage },

        /// What becomes of claims that no pod needs any more. Default: they are kept.
        storage_retention: Option<StorageRetention> { fits: Storage },

        /// Lets a HorizontalPodAutoscaler set the number of pods, instead of `replicas`.
        autoscaling: Option<Box<Autoscaling>> { fits: SCALED },

        /// An Ingress to the node's Service.
        ingress: Option<Box<IngressSpec>>,

        /// An HTTPRoute of the Gateway API to the node's Service.
        http_route: Option<Box<HttpRouteSpec>>,

        ..settings: Box<NodeDefaults>
    }

    /// What a group of nodes can share: a [`NodeSpec`] without what is a node's own.
    pub struct NodeDefaults {
        /// Image of the container. Default: the cluster's.
        #[schemars(length(max = 1024), regex(pattern = r"^\S+$"))]
        image: Option<String> { passed_to: Container },

        /// When the image is pulled. Default: `Always` for the tag `latest`, else `IfNotPresent`.
        image_pull_policy: Option<PullPolicy> { passed_to: Container },

        /// Secrets with which images are pulled; merged by name.
        #[schemars(length(max = 20))]
        image_pull_secrets: Vec<NameRef> { merge: ByKey(&["name"]), passed_to: PodSpec },

        /// CPU, memory and other resources of the container.
        resources: Option<Resources> { passed_to: Container },

        /// Environment variables; merged by name with the operator's.
        #[schemars(length(max = 200))]
        env: Vec<EnvVar> { merge: ByKey(&["name"]) },

        /// ConfigMaps and Secrets whose keys become environment variables, under `env`.
        #[schemars(schema_with = "kubernetes::env_from")]
        env_from: Option<Vec<EnvFromSource>> { passed_to: Container, large: true },

        /// Arguments after those of the operator.
        #[schemars(length(max = 100))]
        args: Option<Vec<String>>,

        /// Ports of the container and of the node's Service, beside the operator's; merged by name.
        #[schemars(length(max = 20), extend("x-kubernetes-validations" = schema::unique_numbers("number")))]
        ports: Vec<NodePort> { merge: ByKey(&["name"]) },

        /// Volumes of the pods beside the operator's, as in a pod's `volumes`; merged by name, judged with the pods.
        #[schemars(schema_with = "schema::named_list_of_preserved")]
        volumes: Vec<Value> { merge: ByKey(&["name"]) },

        /// Where the container mounts them; merged by path.
        #[schemars(schema_with = "kubernetes::volume_mounts")]
        volume_mounts: Vec<VolumeMount> { merge: ByKey(&["mountPath"]), large: true },

        /// Labels of the machines on which the pods may run.
        #[schemars(schema_with = "schema::labels")]
        node_selector: BTreeMap<String, String> { passed_to: PodSpec },

        /// Taints of machines that the pods tolerate; merged by key and effect.
        #[schemars(length(max = 50))]
        tolerations: Option<Vec<Toleration>> { merge: ByKey(&["key", "operator", "effect"]), passed_to: PodSpec },

        /// Machines and pods to seek or avoid, as in a pod's `affinity`; judged with the pods.
        #[schemars(schema_with = "schema::preserved")]
        affinity: Option<Value> { passed_to: PodSpec },

        /// How the pods are spread. Default: over zones and hosts where that can be done; `[]`: not at all.
        #[schemars(schema_with = "kubernetes::topology_spread")]
        topology_spread_constraints: Option<Vec<TopologySpreadConstraint>> {
            merge: ByKey(&["topologyKey", "whenUnsatisfiable"]), large: true
        },

        /// Gates that others open before the pods are scheduled; merged by name.
        #[schemars(schema_with = "schema::scheduling_gates")]
        scheduling_gates: Vec<NameRef> { merge: ByKey(&["name"]), passed_to: PodSpec },

        /// Name of the pods' PriorityClass. Default: Kubernetes'.
        #[schemars(length(max = 253), regex(pattern = SUBDOMAIN))]
        priority_class_name: Option<String> { passed_to: PodSpec },

        /// Name of the scheduler that places the pods. Default: `default-scheduler`.
        #[schemars(length(min = 1, max = 253), regex(pattern = r"^\S+$"))]
        scheduler_name: Option<String> { passed_to: PodSpec },

        /// Name of the pods' RuntimeClass. Default: none.
        #[schemars(length(max = 253), regex(pattern = SUBDOMAIN))]
        runtime_class_name: Option<String> { passed_to: PodSpec },

        /// Name of the pods' ServiceAccount. Default: their own where the operator gives them rights, else `default`.
        #[schemars(length(max = 253), regex(pattern = SUBDOMAIN))]
        service_account_name: Option<String>,

        /// Whether the pods get a token for the API server. Default: only where the operator gives them rights.
        automount_service_account_token: Option<bool>,

        /// Security of the pods, over the `restricted` standard.
        #[schemars(schema_with = "kubernetes::pod_security_context")]
        pod_security_context: Option<Box<PodSecurityContext>> { merge: PROFILES, large: true },

        /// Security of the container, over the `restricted` standard.
        #[schemars(schema_with = "kubernetes::security_context")]
        security_context: Option<Box<SecurityContext>> { merge: PROFILES, large: true },

        /// Asks whether a pod takes traffic. Default: the operator's, else none; `{}`: none.
        #[schemars(schema_with = "kubernetes::readiness_probe")]
        readiness_probe: Option<Box<Probe>> { merge: Whole, large: true },

        /// Asks whether the container must be restarted. Default: the operator's, else none; `{}`: none.
        #[schemars(schema_with = "kubernetes::liveness_probe")]
        liveness_probe: Option<Box<Probe>> { merge: Whole, large: true },

        /// Asks whether the container has started; other probes wait. Default: the operator's, else none; `{}`: none.
        #[schemars(schema_with = "kubernetes::liveness_probe")]
        startup_probe: Option<Box<Probe>> { merge: Whole, large: true },

        /// What runs after the container's start and before its end, as in a container's `lifecycle`; judged with the pods.
        #[schemars(schema_with = "schema::preserved")]
        lifecycle: Option<Value> { merge: Whole, passed_to: Container },

        /// Seconds a pod gets to end by itself. Default: 30.
        #[schemars(range(min = 0))]
        termination_grace_period_seconds: Option<i64> { passed_to: PodSpec },

        /// Seconds a pod must be ready before it counts as available. Default: 0.
        #[schemars(range(min = 0))]
        min_ready_seconds: Option<i32> { fits: UPDATED },

        /// Labels of the pods, beside the operator's own.
        #[schemars(schema_with = "schema::labels")]
        pod_labels: BTreeMap<String, String>,

        /// Annotations of the pods.
        #[schemars(schema_with = "schema::annotations")]
        pod_annotations: BTreeMap<String, String>,

        /// Containers that run before the others, as in a pod's `initContainers`; merged by name, judged with the pods.
        #[schemars(schema_with = "schema::named_list_of_preserved")]
        init_containers: Vec<Value> { merge: ByKey(&["name"]), passed_to: PodSpec },

        /// Containers beside the node's own, as in a pod's `containers`; merged by name, judged with the pods.
        #[schemars(schema_with = "schema::named_list_of_preserved")]
        sidecars: Vec<Value> { merge: ByKey(&["name"]) },

        /// How names are resolved. Default: `ClusterFirst`.
        dns_policy: Option<DnsPolicy> { passed_to: PodSpec },

        /// Whether containers get environment variables for every Service of the namespace, such as `KAFKA_PORT`. Default: true.
        enable_service_links: Option<bool> { passed_to: PodSpec },

        /// Name servers and search domains beside those of `dnsPolicy`.
        #[schemars(schema_with = "kubernetes::dns_config")]
        dns_config: Option<Box<PodDNSConfig>> { passed_to: PodSpec, large: true },

        /// Lines of the pods' `/etc/hosts`; merged by address.
        #[schemars(schema_with = "kubernetes::host_aliases")]
        host_aliases: Vec<HostAlias> { merge: ByKey(&["ip"]), passed_to: PodSpec, large: true },

        /// How pods are replaced when the node changes.
        update_strategy: Option<Box<UpdateStrategy>> { merge: Whole, fits: UPDATED },

        /// How the pods are started. Default: `Parallel`, all at once.
        pod_management_policy: Option<PodManagement> { fits: Workloads(&[StatefulSet]) },

        /// What configuration files hold, by file name, over what the spec says.
        #[schemars(schema_with = "schema::config_overrides")]
        config_overrides: BTreeMap<String, Value>,

        /// The node's Service, which is there where the node has ports.
        service: Option<Box<ServiceSpec>> { merge: Fields(&[("ports", ByKey(&["name"]))]) },

        /// How many pods may be missing at once by people's will.
        // As a whole: with `maxUnavailable` and `minAvailable` merged, a node could never choose the other.
        disruption_budget: Option<DisruptionBudget> { merge: Whole, fits: SCALED },

        /// Who may connect to the pods. Default: everyone.
        network_policy: Option<Box<NetworkPolicySpec>>,

        /// A ServiceMonitor of the Prometheus operator. Default: none.
        service_monitor: Option<Box<ServiceMonitorSpec>>,

        /// Laid over the finished pod template, as `kubectl patch --type strategic` would; judged with the pods.
        #[schemars(schema_with = "schema::preserved")]
        pod_overrides: Option<Value>,
    }
}
