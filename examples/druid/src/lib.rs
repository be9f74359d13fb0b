//! An Apache Druid cluster, declared in one struct.

use operator_core::prelude::*;

/// An Apache Druid cluster: ingestion, storage and queries on event data.
#[derive(DataOperator, Clone, Debug, Serialize, Deserialize, JsonSchema)]
#[operator(group = "druid.example.com", version = "v1alpha1", kind = "Druid", shortname = "dr", category = "all")]
#[operator(printcolumn(name = "Image", type = "string", json_path = ".spec.image", priority = 1))]
#[operator(every_node(
    args("${node.type}"),
    env(DRUID_CONFIG_COMMON = "/etc/druid/common/common.properties"),
    empty_dirs("/opt/druid/var", "/tmp"),
    run_as(user = 1000),
    readiness(http = "/status/health")
))]
#[serde(rename_all = "camelCase")]
pub struct DruidSpec {
    /// Image of every node that doesn't set its own, for instance `apache/druid:34.0.0`.
    #[operator(image)]
    #[schemars(length(min = 1))]
    pub image: String,

    /// Where the cluster keeps its coordination: host and port, or several separated by commas.
    #[external(tcp)]
    pub zookeeper: String,

    /// Database that holds the cluster's metadata, for instance `jdbc:postgresql://postgres:5432/druid`.
    #[schemars(regex(pattern = "^jdbc:(postgresql|mysql)://.+$"), example = "jdbc:mysql://mysql:3306/druid")]
    pub metadata_store: String,

    /// Password at the metadata store.
    #[secret(env = "METADATA_PASSWORD", key = "password", readers("coordinator"))]
    pub metadata_password: SecretRef,

    /// Properties that every node reads, over those that follow from the rest of the spec.
    #[config(file = "common.properties", mount = "/etc/druid/common", with = common)]
    #[serde(default)]
    pub common: Properties,

    /// Settings under every node's own.
    #[operator(defaults)]
    #[serde(default)]
    pub defaults: NodeDefaults,

    /// Named settings that nodes refer to by `configGroup`.
    #[operator(config_groups)]
    #[serde(default)]
    pub config_groups: BTreeMap<String, NodeDefaults>,

    /// Serve segments, by tier.
    #[node_type(
        name = "historical", order = 1, port(http = 8083), defaults = data, talks_to("coordinator"),
        env(DRUID_CONFIG_historical = "/etc/druid/node/runtime.properties"),
        storage(segments = "/druid/segments", size = "50Gi"),
        readiness(http = "/druid/historical/v1/readiness"), startup(http = "/status/health", failures = 60)
    )]
    #[serde(default)]
    pub historicals: BTreeMap<String, Node>,

    /// Run ingestion tasks.
    #[node_type(
        name = "middlemanager", order = 2, port(http = 8091), args("middleManager"), defaults = data,
        env(DRUID_CONFIG_middleManager = "/etc/druid/node/runtime.properties"),
        storage(tasks = "/druid/tasks", size = "20Gi"), talks_to("broker", "coordinator", "historical")
    )]
    pub middle_managers: Option<Node>,

    /// Answer queries.
    #[node_type(
        name = "broker", order = 3, workload = Deployment, port(http = 8082),
        env(DRUID_CONFIG_broker = "/etc/druid/node/runtime.properties"),
        readiness(http = "/druid/broker/v1/readiness"), talks_to("coordinator", "historical", "middlemanager")
    )]
    pub brokers: Node,

    /// Route requests, and serve the web console.
    #[node_type(
        name = "router", order = 4, workload = Deployment, port(http = 8888),
        env(druid_router_managementProxy_enabled = "true"), talks_to("broker", "coordinator")
    )]
    pub routers: Option<NodeSpec>,

    /// Assign segments to historicals and tasks to middle managers; they alone use the metadata store.
    #[node_type(
        name = "coordinator", order = 5, workload = StatefulSet, port(http = 8081),
        env(druid_coordinator_asOverlord_enabled = "true"), talks_to("broker", "historical", "middlemanager"),
        env(druid_coordinator_asOverlord_overlordService = "druid/overlord")
    )]
    pub coordinators: NodeSpec,
}

/// A node with properties of its own.
#[node_type]
pub struct Node {
    /// `runtime.properties` of the node.
    #[config(file = "runtime.properties", mount = "/etc/druid/node")]
    pub runtime: Properties,
}

/// Who serves data or takes it in gets time to finish.
fn data() -> NodeDefaults {
    NodeDefaults { termination_grace_period_seconds: Some(300), ..NodeDefaults::default() }
}

/// What follows from the spec, under what the user says.
fn common(spec: &DruidSpec) -> Properties {
    let database = spec.metadata_store.split(':').nth(1).unwrap_or_default();
    spec.common.over([
        ("druid.extensions.loadList", &*format!("[\"{database}-metadata-storage\"]")),
        ("druid.zk.service.host", "${external.zookeeper}"),
        ("druid.zk.paths.base", "/druid/${cluster.namespace}/${cluster.name}"),
        ("druid.metadata.storage.type", database),
        ("druid.metadata.storage.connector.connectURI", &spec.metadata_store),
        ("druid.metadata.storage.connector.user", "druid"),
        ("druid.metadata.storage.connector.password", r#"{"type":"environment","variable":"METADATA_PASSWORD"}"#),
    ])
}
