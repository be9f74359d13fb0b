use operator_core::prelude::*;

/// A warehouse, in the form of a list of nodes.
#[derive(DataOperator, Clone, Debug, Serialize, Deserialize, JsonSchema)]
#[operator(group = "warehouse.example.com", version = "v1alpha1", kind = "Warehouse")]
#[serde(rename_all = "camelCase")]
pub struct WarehouseSpec {
    /// Image of every node that doesn't set its own.
    #[operator(image)]
    pub image: Option<String>,

    /// What the warehouse depends on.
    #[external(name = "zookeeper", at = "zookeeper", tcp)]
    pub external: Dependencies,

    /// Node types in the order of upgrades.
    #[operator(deployment_order)]
    #[serde(default)]
    pub deployment_order: Vec<String>,

    /// Kubernetes settings that nodes refer to by `k8sConfigGroup`.
    #[operator(config_groups(by = "k8sConfigGroup"))]
    #[serde(default)]
    pub k8s_config: BTreeMap<String, NodeDefaults>,

    /// Application settings that nodes refer to by `appConfigGroup`.
    #[operator(app_config_groups(by = "appConfigGroup"))]
    #[serde(default)]
    pub app_config: BTreeMap<String, AppConfig>,

    /// The nodes.
    #[node_type(name = "controller", order = 1, port(http = 9000), args("controller"))]
    #[node_type(name = "server", order = 2, port(http = 8097), args("server"))]
    #[node_type(
        name = "broker",
        order = 3,
        workload = Deployment,
        port(http = 8099),
        args("broker")
    )]
    pub nodes: Vec<Member>,
}

/// What the warehouse depends on.
#[derive(Clone, Debug, Serialize, Deserialize, JsonSchema)]
pub struct Dependencies {
    /// `host:port`, or several separated by commas.
    pub zookeeper: String,
}

/// Application settings.
#[derive(Clone, Debug, Default, Serialize, Deserialize, JsonSchema)]
pub struct AppConfig {
    /// Lines of `node.properties`.
    #[serde(default)]
    pub properties: Properties,
}

/// A node of any type.
#[node_type]
pub struct Member {
    /// Name of the node.
    pub name: String,
    /// What the node is: `controller`, `server` or `broker`.
    pub node_type: String,
    /// Name of a group in `k8sConfig`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub k8s_config_group: Option<String>,
    /// Name of a group in `appConfig`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub app_config_group: Option<String>,
    /// Lines of `node.properties`.
    #[config(file = "node.properties", mount = "/etc/warehouse")]
    #[serde(default)]
    pub properties: Properties,
}
