//! The struct of examples/druid with kube's `CustomResource`, and nothing of the operator.

use operator_core::prelude::{BTreeMap, NodeDefaults, NodeSpec, Properties, SecretRef};

/// An Apache Druid cluster: ingestion, storage and queries on event data.
#[derive(kube::CustomResource, Clone, Debug, serde::Serialize, serde::Deserialize, schemars::JsonSchema)]
#[kube(group = "druid.example.com", version = "v1alpha1", kind = "Druid", shortname = "dr", category = "all")]
#[kube(namespaced, status = "operator_core::ClusterStatus")]
#[kube(printcolumn(name = "Image", type_ = "string", json_path = ".spec.image", priority = 1))]
#[serde(rename_all = "camelCase")]
pub struct DruidSpec {
    /// Image of every node that doesn't set its own, for instance `apache/druid:34.0.0`.
    #[schemars(length(min = 1))]
    pub image: String,

    /// Where the cluster keeps its coordination: host and port, or several separated by commas.
    pub zookeeper: String,

    /// Database that holds the cluster's metadata, for instance `jdbc:postgresql://postgres:5432/druid`.
    #[schemars(regex(pattern = "^jdbc:(postgresql|mysql)://.+$"), example = "jdbc:mysql://mysql:3306/druid")]
    pub metadata_store: String,

    /// Password at the metadata store.
    pub metadata_password: SecretRef,

    /// Properties that every node reads, over those that follow from the rest of the spec.
    #[serde(default)]
    pub common: Properties,

    /// Settings under every node's own.
    #[serde(default)]
    pub defaults: NodeDefaults,

    /// Named settings that nodes refer to by `configGroup`.
    #[serde(default)]
    pub config_groups: BTreeMap<String, NodeDefaults>,

    /// Serve segments, by tier.
    #[serde(default)]
    pub historicals: BTreeMap<String, Node>,

    /// Run ingestion tasks.
    pub middle_managers: Option<Node>,

    /// Answer queries.
    pub brokers: Node,

    /// Route requests, and serve the web console.
    pub routers: Option<NodeSpec>,

    /// Assign segments to historicals and tasks to middle managers; they alone use the metadata store.
    pub coordinators: NodeSpec,
}

/// A node with properties of its own.
#[derive(Clone, Debug, serde::Serialize, serde::Deserialize, schemars::JsonSchema)]
pub struct Node {
    /// `runtime.properties` of the node.
    pub runtime: Properties,
    /// What all nodes have.
    #[serde(flatten)]
    pub node: NodeSpec,
}
