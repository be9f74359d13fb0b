//! The kind under test: StatefulSets with claims, a Deployment with a generated Secret, a DaemonSet, and a Job that all wait for.

use operator_core::prelude::*;

/// A data system.
#[derive(DataOperator, Clone, Debug, Serialize, Deserialize, JsonSchema)]
#[operator(group = "simulation.example.com", version = "v1", kind = "Data")]
#[operator(allow(secrets, annotations("operator-testbed/")))]
pub struct DataSpec {
    /// Image of every node.
    #[operator(image)]
    pub image: String,
    /// What every node reads.
    #[config(file = "common.properties", mount = "/etc/data/common", with = common)]
    #[serde(default)]
    pub common: Properties,
    /// Brings data to its newest form.
    #[node_type(workload = Job, order = -1)]
    pub migrate: Option<NodeSpec>,
    /// Keep data.
    #[node_type(name = "store")]
    #[serde(default)]
    pub stores: BTreeMap<String, Store>,
    /// Answers queries.
    #[node_type(name = "query")]
    pub query: Option<Query>,
    /// Ships logs from every machine.
    #[node_type(workload = DaemonSet)]
    pub agent: Option<NodeSpec>,
}

/// An author's function with a defect: there is an image over which it panics.
fn common(spec: &DataSpec) -> Properties {
    assert!(!spec.image.ends_with(":255"), "this image was never thought of");
    spec.common.clone()
}

/// Keeps data.
#[node_type(port(http = 8083), storage(data = "/data", size = "10Gi"))]
pub struct Store {
    /// What this node reads.
    #[config(file = "store.yaml", mount = "/etc/data/store")]
    #[serde(default)]
    pub settings: BTreeMap<String, String>,
}

/// Answers queries.
#[node_type(workload = Deployment, port(http = 8082))]
pub struct Query {
    /// Its password.
    #[secret(env = "PASSWORD", key = "password", generate(length = 16))]
    pub password: Option<SecretRef>,
}
