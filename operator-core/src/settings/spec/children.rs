//! Parts of a node about its supporting objects.

use std::collections::BTreeMap;

use k8s_openapi::apimachinery::pkg::util::intstr::IntOrString;
use serde_json::Value;

use crate::settings::Quantity;

use super::{
    part::parts,
    schema::{DURATION, LABEL, LABEL_KEY, PORT_NAME, SUBDOMAIN, URL_PATH},
};

parts! {
    /// A node's Service.
    pub struct ServiceSpec {
        /// Type, annotations and load balancer. A StatefulSet's Service is headless and has no type; others are `ClusterIP` by default.
        #[serde(flatten)]
        exposure: Exposure,
        /// Ports of the Service, in addition to those of the container; merged by name.
        #[schemars(extend(
            "maxItems" = 20,
            "x-kubernetes-list-type" = "map",
            "x-kubernetes-list-map-keys" = ["name"],
            "x-kubernetes-validations" = super::schema::unique_numbers("port"),
        ))]
        ports: Vec<ServicePort>,
        /// A further Service, `<node>-external`, with the same ports; a `LoadBalancer` by default.
        external: Option<Exposure>,
    }

    /// How clients reach a Service.
    pub struct Exposure {
        /// Type of the Service.
        #[serde(rename = "type")]
        type_: Option<ServiceType>,
        /// Annotations.
        #[schemars(schema_with = "super::schema::annotations")]
        annotations: BTreeMap<String, String>,
        /// Class of the load balancer. Default: the cloud provider's.
        load_balancer_class: Option<String> as LABEL_KEY,
        /// Address ranges that may connect, such as `10.0.0.0/8`. Default: all.
        #[schemars(schema_with = "super::schema::address_ranges")]
        source_ranges: Option<Vec<String>>,
    } where {
        "!has(self.type) || self.type == 'LoadBalancer' || !(has(self.loadBalancerClass) || has(self.sourceRanges))":
            "loadBalancerClass and sourceRanges go with type: LoadBalancer",
    }

    /// Type of a Service.
    pub enum ServiceType {
        /// Reachable from within the Kubernetes cluster.
        ClusterIP,
        /// Reachable at a port of every Kubernetes node.
        NodePort,
        /// Reachable through a load balancer of the cloud provider.
        LoadBalancer,
    }

    /// A port of a Service.
    pub struct ServicePort {
        /// Name: a DNS label.
        name: String as LABEL,
        /// Number, 1 to 65535.
        #[schemars(range(min = 1, max = 65535))]
        port: u16,
        /// Port of the container, by number or name. Default: the same number.
        #[schemars(schema_with = "super::schema::port")]
        target_port: Option<IntOrString>,
        /// `TCP`, `UDP` or `SCTP`. Default: `TCP`.
        #[schemars(extend("enum" = ["TCP", "UDP", "SCTP"]))]
        protocol: Option<String>,
    }

    /// An Ingress to a node's Service.
    pub struct IngressSpec {
        /// Host names, such as `*.example.com`. Default: every name.
        #[schemars(schema_with = "super::schema::hosts")]
        hosts: Vec<String>,
        /// Path prefix. Default: `/`.
        path: Option<String> as URL_PATH,
        /// Name of the node's port. Default: the first one.
        port: Option<String> as PORT_NAME,
        /// Name of the IngressClass. Default: Kubernetes'.
        class_name: Option<String> as SUBDOMAIN,
        /// Name of the Secret with the certificate. Default: no TLS.
        tls_secret: Option<String> as SUBDOMAIN,
        /// Annotations.
        #[schemars(schema_with = "super::schema::annotations")]
        annotations: BTreeMap<String, String>,
    }

    /// An HTTPRoute of the Gateway API to a node's Service.
    pub struct HttpRouteSpec {
        /// Gateways that the route is attached to.
        #[schemars(length(min = 1, max = 32))]
        gateways: required Vec<GatewayRef>,
        /// Host names, such as `*.example.com`. Default: the gateways'.
        #[schemars(schema_with = "super::schema::hosts")]
        hosts: Vec<String>,
        /// Path prefix. Default: `/`.
        path: Option<String> as URL_PATH,
        /// Name of the node's port. Default: the first one.
        port: Option<String> as PORT_NAME,
        /// Annotations.
        #[schemars(schema_with = "super::schema::annotations")]
        annotations: BTreeMap<String, String>,
    }

    /// A Gateway.
    pub struct GatewayRef {
        /// Name of the Gateway.
        name: String as SUBDOMAIN,
        /// Namespace of the Gateway. Default: the cluster's.
        namespace: Option<String> as LABEL,
        /// Name of the Gateway's listener. Default: all.
        section_name: Option<String> as SUBDOMAIN,
    }

    /// Number of pods that may be unavailable during a voluntary disruption (PodDisruptionBudget).
    pub struct DisruptionBudget {
        /// Whether the PodDisruptionBudget is created. Default: with two replicas or more.
        enabled: Option<bool>,
        /// Maximum number or percentage of pods that may be unavailable. Default: 1.
        #[schemars(schema_with = "super::schema::part")]
        max_unavailable: Option<IntOrString>,
        /// Minimum number or percentage of pods that must be available, instead of `maxUnavailable`.
        #[schemars(schema_with = "super::schema::part")]
        min_available: Option<IntOrString>,
    } where {
        "!(has(self.maxUnavailable) && has(self.minAvailable))": "give maxUnavailable or minAvailable, not both",
    }

    /// A HorizontalPodAutoscaler, which sets the number of pods.
    pub struct Autoscaling {
        /// Minimum number of pods. Default: 1.
        #[schemars(range(min = 1))]
        min_replicas: Option<i32>,
        /// Maximum number of pods, at least `minReplicas`.
        #[schemars(range(min = 1))]
        max_replicas: i32,
        /// Metrics and targets, as in a HorizontalPodAutoscaler's `metrics`; validated with it. Default: 80 % of the requested CPU.
        #[schemars(schema_with = "super::schema::list_of_preserved")]
        metrics: Option<Vec<Value>>,
        /// Rate of scaling, as in a HorizontalPodAutoscaler's `behavior`; validated with it.
        #[schemars(schema_with = "super::schema::preserved")]
        behavior: Option<Value>,
    } where {
        "!has(self.minReplicas) || self.minReplicas <= self.maxReplicas": "minReplicas can't be above maxReplicas",
    }

    /// A NetworkPolicy for connections to the pods.
    pub struct NetworkPolicySpec {
        /// Whether connections are limited to the node types that talk to this one, and to `from`. Default: false.
        enabled: Option<bool>,
        /// Further sources that may connect, as in a NetworkPolicy's `from`; validated with it.
        #[schemars(schema_with = "super::schema::list_of_preserved")]
        from: Option<Vec<Value>>,
    }

    /// A VerticalPodAutoscaler, where that is installed.
    pub struct VerticalAutoscaling {
        /// Whether the VerticalPodAutoscaler is created. Default: true.
        enabled: Option<bool>,
        /// What it does with its recommendations. Default: `Off`.
        update_mode: Option<VerticalMode>,
        /// Least `cpu` and `memory` of the node's container.
        #[schemars(schema_with = "super::schema::resources")]
        min_allowed: BTreeMap<String, Quantity>,
        /// Most `cpu` and `memory` of the node's container.
        #[schemars(schema_with = "super::schema::resources")]
        max_allowed: BTreeMap<String, Quantity>,
    }

    /// What a VerticalPodAutoscaler does with its recommendations.
    pub enum VerticalMode {
        /// It writes them into its status.
        Off,
        /// It sets the requests of pods when they are created.
        Initial,
        /// It also replaces pods.
        Recreate,
        /// It also changes running pods, and replaces those that can't be changed.
        InPlaceOrRecreate,
    }

    /// A ServiceMonitor of the Prometheus operator, where that is installed.
    pub struct ServiceMonitorSpec {
        /// Whether the ServiceMonitor is created. Default: true.
        enabled: Option<bool>,
        /// Name of the port that Prometheus scrapes. Default: the operator's, else the first one.
        port: Option<String> as PORT_NAME,
        /// Path that Prometheus scrapes. Default: the operator's, else `/metrics`.
        #[schemars(length(max = 1024), regex(pattern = "^/\\S*$"))]
        path: Option<String>,
        /// Time between two scrapes, such as `30s`. Default: that of Prometheus.
        #[schemars(length(min = 2, max = 32), regex(pattern = DURATION))]
        interval: Option<String>,
        /// Labels by which a Prometheus selects it.
        #[schemars(schema_with = "super::schema::labels")]
        labels: BTreeMap<String, String>,
    }
}
