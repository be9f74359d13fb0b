//! `NodeSpec` and its parts: the schema that every node type has in common.
//!
//! No field has a default: the API server would store it in every object, where it would override every lower layer.
//!
//! Large parts are boxed: a spec holds many of them by value, and a debug build keeps a dozen copies of each on the stack while reading it.
//!
//! | module | holds parts about |
//! | --- | --- |
//! | `container`, `pod` | the container; the pods |
//! | `storage` | PersistentVolumeClaims |
//! | `children` | objects beside the workload |
//! | `reference` | references to other objects |
//! | `part` | how parts are declared |
//! | `schema` | schemas and patterns that several parts share |
//! | `kubernetes` | schemas of Kubernetes' own types |

mod children;
mod container;
pub(crate) mod kubernetes;
mod part;
mod pod;
mod reference;
pub(crate) mod schema;
mod storage;

use std::collections::BTreeMap;

use k8s_openapi::api::core::v1::{
    EnvFromSource, HostAlias, PodDNSConfig, PodSecurityContext, Probe, SecurityContext, TopologySpreadConstraint,
    VolumeMount,
};
use serde_json::Value;

use super::{
    fields::{
        Fits::{self, Storage, Workloads},
        PassedTo::{Container, PodSpec},
        Setting, node_fields,
    },
    merge::Rule::{self, ByKey, Fields, Whole},
};
use crate::definition::{
    Power::{ImagePullSecrets, PodOverrides, ServiceAccount},
    Workload::{DaemonSet, Deployment, StatefulSet},
};
use schema::{LABEL, SUBDOMAIN};

pub use children::*;
pub use container::*;
pub use pod::*;
pub use reference::*;
pub use storage::*;

/// Workloads with a number of replicas.
const SCALED: Fits = Workloads(&[StatefulSet, Deployment]);
/// Workloads that replace their pods.
const UPDATED: Fits = Workloads(&[StatefulSet, Deployment, DaemonSet]);
/// Security contexts: a profile's type goes with its other fields.
const PROFILES: Rule = Fields(&[("seccompProfile", Whole), ("appArmorProfile", Whole)]);

fn is_default<T: Default + PartialEq>(value: &T) -> bool {
    *value == T::default()
}

node_fields! {
    /// Settings of one node in a custom resource.
    pub struct NodeSpec {
        /// Number of pods. Default: 1, or the number that a HorizontalPodAutoscaler has set before.
        #[schemars(range(min = 0))]
        replicas: Option<i32> { fits: SCALED },

        /// Name of a group in `configGroups`. The node's own settings override the group's.
        config_group: Option<String> as LABEL,

        /// PersistentVolumeClaims of every pod, by name.
        #[schemars(extend("maxProperties" = 16))]
        storage: BTreeMap<String, StorageSpec> { fits: Storage },

        /// Whether PersistentVolumeClaims that no pod needs any more are deleted. Default: they are kept.
        storage_retention: Option<StorageRetention> { fits: Storage },

        /// A HorizontalPodAutoscaler that sets the number of pods, instead of `replicas`.
        autoscaling: Option<Box<Autoscaling>> { fits: Fits::Autoscaled },

        /// An Ingress to the node's Service.
        ingress: Option<Box<IngressSpec>>,

        /// An HTTPRoute of the Gateway API to the node's Service.
        http_route: Option<Box<HttpRouteSpec>>,

        ..settings: Box<NodeDefaults>
    }

    /// Settings that several nodes can share: a [`NodeSpec`] without the fields that identify one node.
    pub struct NodeDefaults {
        /// Image of the container. Default: the cluster's.
        #[schemars(length(max = 1024), regex(pattern = r"^\S+$"))]
        image: Option<String> { passed_to: Container },

        /// When the image is pulled. Default: `Always` for the tag `latest`, else `IfNotPresent`.
        image_pull_policy: Option<PullPolicy> { passed_to: Container },

        /// Secrets with the credentials for pulling images; merged by name.
        #[schemars(length(max = 20))]
        image_pull_secrets: Vec<NameRef> {
            merge: ByKey(&["name"]), passed_to: PodSpec, power: Some(ImagePullSecrets)
        },

        /// CPU, memory and other resources of the container.
        resources: Option<Resources> { passed_to: Container },

        /// Environment variables; merged by name with the operator's.
        #[schemars(length(max = 200))]
        env: Vec<EnvVar> { merge: ByKey(&["name"]) },

        /// ConfigMaps and Secrets whose keys become environment variables; `env` overrides them.
        #[schemars(schema_with = "kubernetes::list::<EnvFromSource>")]
        env_from: Option<Vec<EnvFromSource>> { passed_to: Container, large: true },

        /// Arguments of the container, appended to the operator's.
        #[schemars(length(max = 100))]
        args: Option<Vec<String>>,

        /// Ports of the container and of the node's Service, in addition to the operator's; merged by name.
        #[schemars(length(max = 20), extend("x-kubernetes-validations" = schema::unique_numbers("number")))]
        ports: Vec<NodePort> { merge: ByKey(&["name"]) },

        /// Volumes of the pods, in addition to the operator's, as in a pod's `volumes`; merged by name, validated with the pods.
        #[schemars(schema_with = "schema::named_list_of_preserved")]
        volumes: Vec<Value> { merge: ByKey(&["name"]) },

        /// Mounts of volumes in the container; merged by path.
        #[schemars(schema_with = "kubernetes::list::<VolumeMount>")]
        volume_mounts: Vec<VolumeMount> { merge: ByKey(&["mountPath"]), large: true },

        /// Labels that a Kubernetes node must have to run the pods.
        #[schemars(schema_with = "schema::labels")]
        node_selector: BTreeMap<String, String> { passed_to: PodSpec },

        /// Taints of Kubernetes nodes that the pods tolerate; merged by key, operator and effect.
        #[schemars(length(max = 50))]
        tolerations: Option<Vec<Toleration>> { merge: ByKey(&["key", "operator", "effect"]), passed_to: PodSpec },

        /// Affinity of the pods to Kubernetes nodes and other pods, as in a pod's `affinity`; validated with the pods.
        #[schemars(schema_with = "schema::preserved")]
        affinity: Option<Value> { passed_to: PodSpec },

        /// How the pods are spread over topology domains. Default: over zones and hosts where possible; `[]`: not at all.
        #[schemars(schema_with = "kubernetes::list::<TopologySpreadConstraint>")]
        topology_spread_constraints: Option<Vec<TopologySpreadConstraint>> {
            merge: ByKey(&["topologyKey", "whenUnsatisfiable"]), large: true
        },

        /// Gates that other controllers remove before the pods are scheduled; merged by name.
        #[schemars(schema_with = "schema::scheduling_gates")]
        scheduling_gates: Vec<NameRef> { merge: ByKey(&["name"]), passed_to: PodSpec },

        /// Name of the pods' PriorityClass. Default: Kubernetes'.
        priority_class_name: Option<String> as SUBDOMAIN { passed_to: PodSpec },

        /// Name of the scheduler that places the pods. Default: `default-scheduler`.
        #[schemars(length(min = 1, max = 253), regex(pattern = r"^\S+$"))]
        scheduler_name: Option<String> { passed_to: PodSpec },

        /// Name of the pods' RuntimeClass. Default: none.
        runtime_class_name: Option<String> as SUBDOMAIN { passed_to: PodSpec },

        /// Name of the pods' ServiceAccount. Default: one for the node where the operator grants rights, else `default`.
        service_account_name: Option<String> as SUBDOMAIN { power: Some(ServiceAccount) },

        /// Whether the pods get a token for the API server. Default: only where the operator grants rights.
        automount_service_account_token: Option<bool>,

        /// Security context of the pods; it overrides the defaults of the `restricted` Pod Security Standard.
        #[schemars(schema_with = "kubernetes::object::<PodSecurityContext>")]
        pod_security_context: Option<Box<PodSecurityContext>> { merge: PROFILES, large: true },

        /// Security context of the container; it overrides the defaults of the `restricted` Pod Security Standard.
        #[schemars(schema_with = "kubernetes::object::<SecurityContext>")]
        security_context: Option<Box<SecurityContext>> { merge: PROFILES, large: true },

        /// Probe that decides whether a pod receives traffic. Default: the operator's, else none; `{}`: none.
        #[schemars(schema_with = "kubernetes::readiness_probe")]
        readiness_probe: Option<Box<Probe>> { merge: Whole, large: true },

        /// Probe that decides whether the container is restarted. Default: the operator's, else none; `{}`: none.
        #[schemars(schema_with = "kubernetes::liveness_probe")]
        liveness_probe: Option<Box<Probe>> { merge: Whole, large: true },

        /// Probe that the other probes wait for after a start. Default: the operator's, else none; `{}`: none.
        #[schemars(schema_with = "kubernetes::liveness_probe")]
        startup_probe: Option<Box<Probe>> { merge: Whole, large: true },

        /// Hooks after the container's start and before its end, as in a container's `lifecycle`; validated with the pods.
        #[schemars(schema_with = "schema::preserved")]
        lifecycle: Option<Value> { merge: Whole, passed_to: Container },

        /// Seconds between a pod's termination signal and its kill. Default: 30.
        #[schemars(range(min = 0))]
        termination_grace_period_seconds: Option<i64> { passed_to: PodSpec },

        /// Seconds a pod must be ready before it counts as available. Default: 0.
        #[schemars(range(min = 0))]
        min_ready_seconds: Option<i32> { fits: UPDATED },

        /// Labels of the pods, in addition to the operator's.
        #[schemars(schema_with = "schema::labels")]
        pod_labels: BTreeMap<String, String>,

        /// Annotations of the pods.
        #[schemars(schema_with = "schema::annotations")]
        pod_annotations: BTreeMap<String, String>,

        /// Init containers, as in a pod's `initContainers`; merged by name, validated with the pods.
        #[schemars(schema_with = "schema::named_list_of_preserved")]
        init_containers: Vec<Value> { merge: ByKey(&["name"]), passed_to: PodSpec },

        /// Containers in addition to the node's own, as in a pod's `containers`; merged by name, validated with the pods.
        #[schemars(schema_with = "schema::named_list_of_preserved")]
        sidecars: Vec<Value> { merge: ByKey(&["name"]) },

        /// DNS policy of the pods. Default: `ClusterFirst`.
        dns_policy: Option<DnsPolicy> { passed_to: PodSpec },

        /// Whether containers get environment variables for every Service of the namespace, such as `KAFKA_PORT`. Default: true.
        enable_service_links: Option<bool> { passed_to: PodSpec },

        /// Name servers and search domains, in addition to those of `dnsPolicy`.
        #[schemars(schema_with = "kubernetes::object::<PodDNSConfig>")]
        dns_config: Option<Box<PodDNSConfig>> { passed_to: PodSpec, large: true },

        /// Entries of the pods' `/etc/hosts`; merged by address.
        #[schemars(schema_with = "kubernetes::list::<HostAlias>")]
        host_aliases: Vec<HostAlias> { merge: ByKey(&["ip"]), passed_to: PodSpec, large: true },

        /// How pods are replaced when the pod template changes.
        update_strategy: Option<Box<UpdateStrategy>> { merge: Whole, fits: UPDATED },

        /// Order in which the pods are started. Default: `Parallel`, all at once.
        pod_management_policy: Option<PodManagement> { fits: Workloads(&[StatefulSet]) },

        /// Patches of configuration files, by file name.
        #[schemars(schema_with = "schema::config_overrides")]
        config_overrides: BTreeMap<String, Value>,

        /// The node's Service. A node without ports has none.
        service: Option<Box<ServiceSpec>> { merge: Fields(&[("ports", ByKey(&["name"]))]) },

        /// Number of pods that may be unavailable during a voluntary disruption (PodDisruptionBudget).
        // As a whole: with `maxUnavailable` and `minAvailable` merged, a node could never choose the other.
        disruption_budget: Option<DisruptionBudget> { merge: Whole, fits: SCALED },

        /// NetworkPolicy for the pods. Default: none, all may connect.
        network_policy: Option<Box<NetworkPolicySpec>>,

        /// A VerticalPodAutoscaler for the requests of the node's container. Default: none.
        vertical_autoscaling: Option<Box<VerticalAutoscaling>> { fits: UPDATED },

        /// A ServiceMonitor of the Prometheus operator. Default: none.
        service_monitor: Option<Box<ServiceMonitorSpec>>,

        /// Patch of the finished pod template, as `kubectl patch --type strategic` applies it; validated with the pods.
        #[schemars(schema_with = "schema::preserved")]
        pod_overrides: Option<Value> { power: Some(PodOverrides) },
    }
}
