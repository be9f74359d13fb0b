//! The status of a cluster, as its custom resource has it.

use k8s_openapi::apimachinery::pkg::apis::meta::v1::Condition;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::Inventory;

/// The observed state of a cluster.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", default)]
pub struct ClusterStatus {
    /// Generation of the spec that this status is about.
    pub observed_generation: i64,
    /// Ready pods and wanted pods of all nodes, as `5/6`.
    pub ready: String,
    /// Wanted pods of all nodes, for a scale subresource of kinds with one node type.
    pub replicas: i32,
    /// Label selector of the cluster's pods, for a scale subresource.
    pub selector: String,
    /// `Ready`, `Progressing` and `Degraded`, as in the Kubernetes API conventions; `Reconciling` and `Stalled` only while they are true.
    #[schemars(extend("x-kubernetes-list-type" = "map", "x-kubernetes-list-map-keys" = ["type"]))]
    pub conditions: Vec<Condition>,
    /// A row per node.
    #[schemars(extend("x-kubernetes-list-type" = "map", "x-kubernetes-list-map-keys" = ["name"]))]
    pub nodes: Vec<NodeStatus>,
    /// The children, by kind and name: the operator's memory of what it wrote.
    pub inventory: Inventory,
    /// Process of the operator that wrote this status: its host, and letters of its own.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub operator: String,
}

/// State of one node.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
#[schemars(inline)]
pub struct NodeStatus {
    /// Node type and node, as in object names: `historical-hot`.
    pub name: String,
    /// Wanted pods.
    pub replicas: i32,
    /// Ready pods.
    pub ready: i32,
    /// Pods on the newest template.
    pub updated: i32,
    /// Hash of the configuration that the node shall be on.
    #[serde(default)]
    pub config_hash: String,
}

impl ClusterStatus {
    /// The condition of this type.
    pub fn condition(&self, type_: &str) -> Option<&Condition> {
        self.conditions.iter().find(|condition| condition.type_ == type_)
    }

    /// Whether the condition `Ready` is true.
    pub fn is_ready(&self) -> bool {
        self.condition("Ready").is_some_and(|condition| condition.status == "True")
    }

    /// Whether it says that pods fail.
    pub fn is_failing(&self) -> bool {
        self.condition("Ready").is_some_and(|condition| condition.reason == "Failing")
    }
}
