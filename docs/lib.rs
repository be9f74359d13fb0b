//! The guide: its pages are in `src/`, and this is the kind of cluster whose YAML they show.
//!
//! The pages' Rust is compiled as doc-tests of this crate; `tests/pages.rs` judges their YAML. The book is built by `mdbook build docs`.

mod warehouse;

use operator_core::prelude::*;
pub use warehouse::*;

/// A cache in front of a database.
#[derive(DataOperator, Clone, Debug, Serialize, Deserialize, JsonSchema)]
#[operator(group = "cache.example.com", version = "v1alpha1", kind = "Cache", shortname = "ca")]
#[operator(allow(secrets, host_access, pod_overrides, annotations("example.com/")))]
#[serde(rename_all = "camelCase")]
pub struct CacheSpec {
    /// Image of every node that doesn't set its own.
    #[operator(image)]
    pub image: String,

    /// Database behind the cache, as `host:port`.
    #[external(name = "database", tcp)]
    pub database: Option<String>,

    /// Password of the cache's users. Where no Secret is named, one is made.
    #[secret(env = "CACHE_PASSWORD", key = "password", generate)]
    pub password: Option<SecretRef>,

    /// Properties that every node reads.
    #[config(file = "common.properties", mount = "/etc/cache/common")]
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

    /// Brings the database's tables to the image's version.
    #[node_type(name = "schema", order = 1, workload = Job, args("migrate"))]
    pub schema: Option<NodeSpec>,

    /// Keep the data, by zone.
    #[node_type(name = "server", order = 2)]
    #[serde(default)]
    pub servers: BTreeMap<String, Server>,

    /// Take requests.
    #[node_type(
        name = "proxy",
        order = 3,
        workload = Deployment,
        port(http = 8080),
        args("proxy"),
        talks_to("server"),
        metrics(port = "http", path = "/metrics"),
        readiness(http = "/ready")
    )]
    pub proxies: Option<NodeSpec>,

    /// Watch each machine.
    #[node_type(name = "agent", order = 3, workload = DaemonSet, args("agent"))]
    pub agents: Option<NodeSpec>,
}

/// Keeps data in memory, and a copy on disk.
#[node_type(
    port(cache = 6379),
    args("server"),
    storage(data = "/var/lib/cache", size = "10Gi"),
    readiness(tcp = "cache")
)]
pub struct Server {
    /// `server.properties` of this zone.
    #[config(file = "server.properties", mount = "/etc/cache/server")]
    #[serde(default)]
    pub settings: Properties,
}

/// Each page's Rust is a doc-test of a struct here.
macro_rules! pages {
    ($($name:ident $page:literal)*) => {$(
        #[cfg(doctest)]
        #[doc = include_str!(concat!("src/", $page, ".md"))]
        struct $name;
    )*};
}

// The README's Rust compiles, too.
#[cfg(doctest)]
#[doc = include_str!("../README.md")]
struct Readme;

pages! {
    FirstOperator "first-operator"
    Precedence "precedence"
    Workloads "workloads"
    Storage "storage"
    Security "security"
    NetworkPolicies "network-policies"
    Metrics "metrics"
    Configuration "configuration"
    Secrets "secrets"
    Externals "externals"
    Customize "customize"
    SeveralTypes "several-types"
    Forms "forms"
    Scaling "scaling"
    Migrating "migrating"
    Definition "definition"
    ThreatModel "threat-model"
}
