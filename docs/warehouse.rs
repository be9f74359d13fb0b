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
    #[node_types]
    pub nodes: Vec<Named<Node>>,
}

/// A node.
#[node_types]
pub enum Node {
    /// Assigns work.
    #[node_type(order = 1, port(http = 9000), args("controller"))]
    Controller(NodeSpec),
    /// Holds data.
    #[node_type(order = 2, port(http = 8097), args("server"))]
    Server(Server),
    /// Answers queries.
    #[node_type(order = 3, port(http = 8099), args("broker"), workload = Deployment)]
    Broker(Broker),
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

/// Holds data.
#[node_type]
pub struct Server {
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

/// Answers queries.
#[node_type]
pub struct Broker {
    /// Name of a group in `k8sConfig`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub k8s_config_group: Option<String>,
    /// Seconds after which a query is given up.
    #[config(file = "broker.yaml", mount = "/etc/warehouse")]
    pub timeouts: Timeouts,
}

/// When a query is given up.
#[derive(Clone, Debug, Serialize, Deserialize, JsonSchema)]
pub struct Timeouts {
    /// In seconds.
    pub query: u32,
}
