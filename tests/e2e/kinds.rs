//! The kind under test, and the same kind as a newer build of its operator has it.

use operator_core::prelude::*;

/// A data system with a bit of everything.
#[derive(DataOperator, Clone, Debug, Serialize, Deserialize, JsonSchema)]
#[operator(group = "tests.example.com", version = "v1", kind = "Data")]
#[operator(allow(service_account, secrets, image_pull_secrets, pod_overrides, annotations("")))]
#[serde(rename_all = "camelCase")]
pub struct DataSpec {
    /// Image of every node.
    #[operator(image)]
    #[schemars(length(min = 1))]
    pub image: String,
    /// What every node reads.
    #[config(file = "common.properties", mount = "/etc/data/common")]
    #[serde(default)]
    pub common: Properties,
    /// Settings under every node's own.
    #[operator(defaults)]
    #[serde(default)]
    pub defaults: NodeDefaults,
    /// Named settings.
    #[operator(config_groups)]
    #[serde(default)]
    pub config_groups: BTreeMap<String, NodeDefaults>,
    /// Keep data.
    #[node_type(name = "store")]
    #[serde(default)]
    pub stores: BTreeMap<String, Store>,
    /// Answer queries.
    #[node_type(
        workload = Deployment,
        port(http = 8082),
        args("query"),
        config_hash_env = "CONFIG_HASH"
    )]
    pub query: Option<NodeSpec>,
    /// Schemas can be wider than types: stored objects of which this is too large can't be read.
    #[serde(default)]
    #[schemars(schema_with = "integer")]
    pub small: u8,
}

fn integer(_: &mut schemars::SchemaGenerator) -> schemars::Schema {
    schemars::json_schema!({ "type": "integer" })
}

/// Keeps data.
#[node_type(port(http = 8083), storage(data = "/data", size = "10Gi"), readiness(http = "/ready", port = "http"))]
pub struct Store {
    /// What this node reads.
    #[config(file = "store.yaml", mount = "/etc/data/store")]
    #[serde(default)]
    pub settings: BTreeMap<String, String>,
}

/// A newer build: another node type that nobody uses yet, and another description.
pub mod newer {
    use super::Store;
    use operator_core::prelude::*;

    /// A data system with a bit of everything, and more.
    #[derive(DataOperator, Clone, Debug, Serialize, Deserialize, JsonSchema)]
    #[operator(group = "tests.example.com", version = "v1", kind = "Data", shortname = "da")]
    #[operator(allow(service_account, secrets, image_pull_secrets, pod_overrides, annotations("")))]
    #[serde(rename_all = "camelCase")]
    pub struct DataSpec {
        /// Image of every node.
        #[operator(image)]
        pub image: String,
        /// What every node reads.
        #[config(file = "common.properties", mount = "/etc/data/common")]
        #[serde(default)]
        pub common: Properties,
        /// Settings under every node's own.
        #[operator(defaults)]
        #[serde(default)]
        pub defaults: NodeDefaults,
        /// Named settings.
        #[operator(config_groups)]
        #[serde(default)]
        pub config_groups: BTreeMap<String, NodeDefaults>,
        /// Moves data about.
        #[node_type(workload = Deployment)]
        pub mover: Option<NodeSpec>,
        /// Keep data.
        #[node_type(name = "store")]
        #[serde(default)]
        pub stores: BTreeMap<String, Store>,
        /// Answer queries.
        #[node_type(
            workload = Deployment,
            port(http = 8082),
            args("query"),
            config_hash_env = "CONFIG_HASH"
        )]
        pub query: Option<NodeSpec>,
        /// As before.
        #[serde(default)]
        pub small: u8,
    }
}
