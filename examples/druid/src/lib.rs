//! An Apache Druid cluster, declared in one struct.

use operator_core::prelude::*;

/// An Apache Druid cluster: ingestion, storage and queries on event data.
#[derive(DataOperator, Clone, Debug, Serialize, Deserialize, JsonSchema)]
#[operator(group = "druid.example.com", version = "v1alpha1")]
#[operator(kind = "Druid", shortname = "dr", category = "all")]
#[operator(printcolumn(name = "Image", type = "string", json_path = ".spec.image", priority = 1))]
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

    /// Properties that every node reads, over those that follow from the rest of the spec.
    #[config(file = "common.properties", mount = "/etc/druid/common", format = "properties", with = common)]
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
    #[node_type(name = "historical", order = 1)]
    #[serde(default)]
    pub historicals: BTreeMap<String, Historical>,

    /// Run ingestion tasks.
    #[node_type(name = "middlemanager", order = 2)]
    pub middle_managers: Option<MiddleManager>,

    /// Answer queries.
    #[node_type(name = "broker", order = 3)]
    pub brokers: Broker,

    /// Route requests, and serve the web console.
    #[node_type(
        name = "router",
        order = 4,
        workload = "Deployment",
        port(name = "http", number = 8888),
        args("router"),
        env(DRUID_CONFIG_COMMON = "/etc/druid/common/common.properties"),
        env(druid_router_managementProxy_enabled = "true"),
        empty_dirs("/opt/druid/var", "/tmp"),
        run_as(user = 1000),
        readiness(http = "/status/health", port = "http"),
        talks_to("broker", "coordinator")
    )]
    pub routers: Option<NodeSpec>,

    /// Assign segments and tasks.
    #[node_type(name = "coordinator", order = 5)]
    pub coordinators: Coordinator,
}

/// Serves segments from local disk.
#[node_type(
    port(name = "http", number = 8083),
    args("historical"),
    env(DRUID_CONFIG_COMMON = "/etc/druid/common/common.properties"),
    env(DRUID_CONFIG_historical = "/etc/druid/node/runtime.properties"),
    storage(name = "segments", mount = "/druid/segments", size = "50Gi"),
    empty_dirs("/opt/druid/var", "/tmp"),
    run_as(user = 1000),
    defaults = data,
    talks_to("coordinator"),
    readiness(http = "/druid/historical/v1/readiness", port = "http"),
    startup(http = "/status/health", port = "http", failures = 60)
)]
pub struct Historical {
    /// `runtime.properties` of this tier.
    #[config(file = "runtime.properties", mount = "/etc/druid/node", format = "properties")]
    pub runtime: Properties,
}

/// Runs ingestion tasks.
#[node_type(
    port(name = "http", number = 8091),
    args("middleManager"),
    env(DRUID_CONFIG_COMMON = "/etc/druid/common/common.properties"),
    env(DRUID_CONFIG_middleManager = "/etc/druid/node/runtime.properties"),
    storage(name = "tasks", mount = "/druid/tasks", size = "20Gi"),
    empty_dirs("/opt/druid/var", "/tmp"),
    run_as(user = 1000),
    defaults = data,
    talks_to("broker", "coordinator", "historical"),
    readiness(http = "/status/health", port = "http")
)]
pub struct MiddleManager {
    /// `runtime.properties` of the middle managers.
    #[config(file = "runtime.properties", mount = "/etc/druid/node", format = "properties")]
    pub runtime: Properties,
}

/// Answers queries.
#[node_type(
    workload = "Deployment",
    port(name = "http", number = 8082),
    args("broker"),
    env(DRUID_CONFIG_COMMON = "/etc/druid/common/common.properties"),
    env(DRUID_CONFIG_broker = "/etc/druid/node/runtime.properties"),
    empty_dirs("/opt/druid/var", "/tmp"),
    run_as(user = 1000),
    talks_to("coordinator", "historical", "middlemanager"),
    readiness(http = "/druid/broker/v1/readiness", port = "http")
)]
pub struct Broker {
    /// `runtime.properties` of the brokers.
    #[config(file = "runtime.properties", mount = "/etc/druid/node", format = "properties")]
    pub runtime: Properties,
}

/// Assigns segments to historicals and tasks to middle managers; it alone uses the metadata store.
#[node_type(
    port(name = "http", number = 8081),
    args("coordinator"),
    env(DRUID_CONFIG_COMMON = "/etc/druid/common/common.properties"),
    env(druid_coordinator_asOverlord_enabled = "true"),
    env(druid_coordinator_asOverlord_overlordService = "druid/overlord"),
    empty_dirs("/opt/druid/var", "/tmp"),
    run_as(user = 1000),
    talks_to("broker", "historical", "middlemanager"),
    readiness(http = "/status/health", port = "http")
)]
pub struct Coordinator {
    /// Password at the metadata store.
    #[secret(env = "METADATA_PASSWORD", key = "password")]
    pub metadata_password: SecretRef,
}

/// Who serves data or takes it in gets time to finish.
fn data() -> NodeDefaults {
    NodeDefaults { termination_grace_period_seconds: Some(300), ..NodeDefaults::default() }
}

/// What follows from the spec, under what the user says.
fn common(spec: &DruidSpec) -> Properties {
    let database = spec.metadata_store.split(':').nth(1).unwrap_or_default();
    let extensions = format!("[\"{database}-metadata-storage\"]");
    let mut common = Properties::from([
        ("druid.extensions.loadList", extensions.as_str()),
        ("druid.zk.service.host", "${external.zookeeper}"),
        ("druid.zk.paths.base", "/druid/${cluster.namespace}/${cluster.name}"),
        ("druid.metadata.storage.type", database),
        ("druid.metadata.storage.connector.connectURI", &spec.metadata_store),
        ("druid.metadata.storage.connector.user", "druid"),
        ("druid.metadata.storage.connector.password", r#"{"type":"environment","variable":"METADATA_PASSWORD"}"#),
    ]);
    common.0.extend(spec.common.0.clone());
    common
}

// The Rust code of the project's README compiles.
#[cfg(doctest)]
#[doc = include_str!("../../../README.md")]
struct Readme;
