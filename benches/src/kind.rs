//! The kind that is measured: clusters of six children and the spec that was accepted, which all run no pods.

use kube::api::DynamicObject;
use operator_core::{
    model::Identity,
    prelude::*,
    render::{Blueprint, render},
};

use crate::error::Error;

/// A cluster of two nodes: two workloads, two Services, a ConfigMap that both nodes read, and one of the store's own.
#[derive(DataOperator, Clone, Debug, Serialize, Deserialize, JsonSchema)]
#[operator(group = "bench.example.com", version = "v1", kind = "Bench")]
#[serde(rename_all = "camelCase")]
pub struct BenchSpec {
    /// Image of both nodes.
    #[operator(image)]
    pub image: String,

    /// What both nodes read.
    #[config(file = "common.properties", mount = "/etc/bench/common")]
    pub common: Properties,

    /// Keeps data.
    #[node_type(name = "store", order = 1)]
    pub stores: Store,

    /// Answers queries.
    #[node_type(name = "front", order = 2, workload = Deployment, port(http = 8082), args("front"))]
    pub fronts: NodeSpec,
}

/// Keeps data.
#[node_type(
    workload = StatefulSet,
    port(http = 8083),
    args("store"),
    readiness(http = "/health", port = "http")
)]
pub struct Store {
    /// What the store alone reads.
    #[config(file = "store.properties", mount = "/etc/bench/store")]
    pub runtime: Properties,
}

/// Objects of each cluster: six children, and the spec that was accepted.
pub const CHILDREN: usize = 7;

/// What a cluster shall consist of.
pub fn blueprint(cluster: &DynamicObject) -> Result<Blueprint, Error> {
    let text = |text: &Option<String>| text.clone().unwrap_or_default();
    let identity = Identity {
        namespace: text(&cluster.metadata.namespace),
        name: text(&cluster.metadata.name),
        uid: text(&cluster.metadata.uid),
    };
    let spec = cluster.data.get("spec").unwrap_or(&serde_json::Value::Null);
    render(&identity, spec, Bench::DEFINITION).map_err(|invalid| Error::Text(format!("{}: {invalid:?}", identity.name)))
}
