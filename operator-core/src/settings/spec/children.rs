//! Parts of a node about its supporting objects.

use std::collections::BTreeMap;

use k8s_openapi::apimachinery::pkg::util::intstr::IntOrString;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::schema::{DURATION, LABEL, LABEL_KEY, PORT_NAME, SUBDOMAIN, URL_PATH};

/// A node's Service.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
#[schemars(inline)]
pub struct ServiceSpec {
    /// Type, annotations and load balancer. A StatefulSet's Service is headless and has no type; others are `ClusterIP` by default.
    #[serde(flatten)]
    pub exposure: Exposure,
    /// Ports of the Service, in addition to those of the container; merged by name.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    #[schemars(extend(
        "maxItems" = 20,
        "x-kubernetes-list-type" = "map",
        "x-kubernetes-list-map-keys" = ["name"],
        "x-kubernetes-validations" = super::schema::unique_numbers("port"),
    ))]
    pub ports: Vec<ServicePort>,
    /// A further Service, `<node>-external`, with the same ports; a `LoadBalancer` by default.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub external: Option<Exposure>,
}

/// How clients reach a Service.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
#[schemars(
    inline,
    extend("x-kubernetes-validations" = [{
        "rule": "!has(self.type) || self.type == 'LoadBalancer' || !(has(self.loadBalancerClass) || has(self.sourceRanges))",
        "message": "loadBalancerClass and sourceRanges go with type: LoadBalancer",
    }])
)]
pub struct Exposure {
    /// Type of the Service.
    #[serde(rename = "type", default, skip_serializing_if = "Option::is_none")]
    pub type_: Option<ServiceType>,
    /// Annotations.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    #[schemars(schema_with = "super::schema::annotations")]
    pub annotations: BTreeMap<String, String>,
    /// Class of the load balancer. Default: the cloud provider's.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(length(max = 316), regex(pattern = LABEL_KEY))]
    pub load_balancer_class: Option<String>,
    /// Address ranges that may connect, such as `10.0.0.0/8`. Default: all.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(schema_with = "super::schema::address_ranges")]
    pub source_ranges: Option<Vec<String>>,
}

/// Type of a Service.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[schemars(inline)]
pub enum ServiceType {
    /// Reachable from within the Kubernetes cluster.
    ClusterIP,
    /// Reachable at a port of every Kubernetes node.
    NodePort,
    /// Reachable through a load balancer of the cloud provider.
    LoadBalancer,
}

/// A port of a Service.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
#[schemars(inline)]
pub struct ServicePort {
    /// Name: a DNS label.
    #[schemars(length(max = 63), regex(pattern = LABEL))]
    pub name: String,
    /// Number, 1 to 65535.
    #[schemars(range(min = 1, max = 65535))]
    pub port: u16,
    /// Port of the container, by number or name. Default: the same number.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(schema_with = "super::schema::port")]
    pub target_port: Option<IntOrString>,
    /// `TCP`, `UDP` or `SCTP`. Default: `TCP`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(extend("enum" = ["TCP", "UDP", "SCTP"]))]
    pub protocol: Option<String>,
}

/// An Ingress to a node's Service.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
#[schemars(inline)]
pub struct IngressSpec {
    /// Host names, such as `*.example.com`. Default: every name.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    #[schemars(schema_with = "super::schema::hosts")]
    pub hosts: Vec<String>,
    /// Path prefix. Default: `/`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(length(max = 1024), regex(pattern = URL_PATH))]
    pub path: Option<String>,
    /// Name of the node's port. Default: the first one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(length(max = 15), regex(pattern = PORT_NAME))]
    pub port: Option<String>,
    /// Name of the IngressClass. Default: Kubernetes'.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(length(max = 253), regex(pattern = SUBDOMAIN))]
    pub class_name: Option<String>,
    /// Name of the Secret with the certificate. Default: no TLS.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(length(max = 253), regex(pattern = SUBDOMAIN))]
    pub tls_secret: Option<String>,
    /// Annotations.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    #[schemars(schema_with = "super::schema::annotations")]
    pub annotations: BTreeMap<String, String>,
}

/// An HTTPRoute of the Gateway API to a node's Service.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
#[schemars(inline)]
pub struct HttpRouteSpec {
    /// Gateways that the route is attached to.
    #[schemars(length(min = 1, max = 32))]
    pub gateways: Vec<GatewayRef>,
    /// Host names, such as `*.example.com`. Default: the gateways'.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    #[schemars(schema_with = "super::schema::hosts")]
    pub hosts: Vec<String>,
    /// Path prefix. Default: `/`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(length(max = 1024), regex(pattern = URL_PATH))]
    pub path: Option<String>,
    /// Name of the node's port. Default: the first one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(length(max = 15), regex(pattern = PORT_NAME))]
    pub port: Option<String>,
    /// Annotations.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    #[schemars(schema_with = "super::schema::annotations")]
    pub annotations: BTreeMap<String, String>,
}

/// A Gateway.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
#[schemars(inline)]
pub struct GatewayRef {
    /// Name of the Gateway.
    #[schemars(length(max = 253), regex(pattern = SUBDOMAIN))]
    pub name: String,
    /// Namespace of the Gateway. Default: the cluster's.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(length(max = 63), regex(pattern = LABEL))]
    pub namespace: Option<String>,
    /// Name of the Gateway's listener. Default: all.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(length(max = 253), regex(pattern = SUBDOMAIN))]
    pub section_name: Option<String>,
}

/// Number of pods that may be unavailable during a voluntary disruption (PodDisruptionBudget).
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
#[schemars(
    inline,
    extend("x-kubernetes-validations" = [{
        "rule": "!(has(self.maxUnavailable) && has(self.minAvailable))",
        "message": "give maxUnavailable or minAvailable, not both",
    }])
)]
pub struct DisruptionBudget {
    /// Whether the PodDisruptionBudget is created. Default: with two replicas or more.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub enabled: Option<bool>,
    /// Maximum number or percentage of pods that may be unavailable. Default: 1.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(schema_with = "super::schema::part")]
    pub max_unavailable: Option<IntOrString>,
    /// Minimum number or percentage of pods that must be available, instead of `maxUnavailable`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(schema_with = "super::schema::part")]
    pub min_available: Option<IntOrString>,
}

/// A HorizontalPodAutoscaler, which sets the number of pods.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
#[schemars(
    inline,
    extend("x-kubernetes-validations" = [{
        "rule": "!has(self.minReplicas) || self.minReplicas <= self.maxReplicas",
        "message": "minReplicas can't be above maxReplicas",
    }])
)]
pub struct Autoscaling {
    /// Minimum number of pods. Default: 1.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(range(min = 1))]
    pub min_replicas: Option<i32>,
    /// Maximum number of pods, at least `minReplicas`.
    #[schemars(range(min = 1))]
    pub max_replicas: i32,
    /// Metrics and targets, as in a HorizontalPodAutoscaler's `metrics`; validated with it. Default: 80 % of the requested CPU.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(schema_with = "super::schema::list_of_preserved")]
    pub metrics: Option<Vec<Value>>,
    /// Rate of scaling, as in a HorizontalPodAutoscaler's `behavior`; validated with it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(schema_with = "super::schema::preserved")]
    pub behavior: Option<Value>,
}

/// A NetworkPolicy for connections to the pods.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
#[schemars(inline)]
pub struct NetworkPolicySpec {
    /// Whether connections are limited to the node types that talk to this one, and to `from`. Default: false.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub enabled: Option<bool>,
    /// Further sources that may connect, as in a NetworkPolicy's `from`; validated with it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(schema_with = "super::schema::list_of_preserved")]
    pub from: Option<Vec<Value>>,
}

/// A ServiceMonitor of the Prometheus operator, where that is installed.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
#[schemars(inline)]
pub struct ServiceMonitorSpec {
    /// Whether the ServiceMonitor is created. Default: true.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub enabled: Option<bool>,
    /// Name of the port that Prometheus scrapes. Default: the operator's, else the first one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(length(max = 15), regex(pattern = PORT_NAME))]
    pub port: Option<String>,
    /// Path that Prometheus scrapes. Default: the operator's, else `/metrics`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(length(max = 1024), regex(pattern = "^/\\S*$"))]
    pub path: Option<String>,
    /// Time between two scrapes, such as `30s`. Default: that of Prometheus.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(length(min = 2, max = 32), regex(pattern = DURATION))]
    pub interval: Option<String>,
    /// Labels by which a Prometheus selects it.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    #[schemars(schema_with = "super::schema::labels")]
    pub labels: BTreeMap<String, String>,
}
