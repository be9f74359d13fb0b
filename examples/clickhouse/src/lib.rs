//! A ClickHouse cluster with its keepers, declared in one struct.

use operator_core::{definition::Unnamed, prelude::*};
use serde_json::{Value, json};

const SQL: u16 = 9000;
const INTERSERVER: u16 = 9009;
const METRICS: u16 = 9363;
const COORDINATION: u16 = 9181;
const RAFT: u16 = 9234;

/// A ClickHouse cluster: shards with replicas of each, and keepers, by which the replicas agree.
#[derive(DataOperator, Clone, Debug, Serialize, Deserialize, JsonSchema)]
#[operator(group = "clickhouse.example.com", version = "v1alpha1", kind = "ClickHouse")]
#[operator(shortname = "ch", category = "all")]
#[operator(printcolumn(name = "Shards", type = "integer", json_path = ".spec.data.shards"))]
#[operator(config(
    file = "cluster.yaml",
    mount = "/etc/clickhouse-server/config.d",
    with = cluster,
    reload = none,
    readers("shard")
))]
#[operator(every_node(run_as(user = 101), empty_dirs("/tmp"), metrics(port = "metrics"), publish_not_ready))]
#[serde(rename_all = "camelCase")]
pub struct ClickHouseSpec {
    /// Image of every node, for instance `clickhouse/clickhouse-server:25.8`.
    #[operator(image)]
    #[schemars(length(min = 1))]
    pub image: String,

    /// Settings of the servers, over those that follow from the rest of the spec: a file of `config.d`.
    #[config(file = "server.yaml", mount = "/etc/clickhouse-server/config.d", with = server, readers("shard"))]
    #[serde(default)]
    pub settings: Freeform,

    /// Users, profiles and quotas, over the user `default`: a file of `users.d`, which the servers watch.
    #[config(file = "users.yaml", mount = "/etc/clickhouse-server/users.d", with = users, reload = none, readers("shard"))]
    #[serde(default)]
    pub users: Freeform,

    /// Password of the user `default`.
    #[secret(env = "DEFAULT_PASSWORD", key = "password", generate, readers("shard"))]
    pub password: Option<SecretRef>,

    /// What the servers know each other by.
    #[secret(env = "CLUSTER_SECRET", key = "secret", generate, readers("shard"))]
    pub cluster_secret: Option<SecretRef>,

    /// Keep what the replicas agree on: an odd number, 3 by default.
    #[node_type(
        name = "keeper",
        order = 1,
        replicas(default = 3, odd, fixed = "keepers take in others one at a time, and by hand"),
        port(client = COORDINATION, raft = RAFT, http = 9182, metrics = METRICS),
        command("bash", "-c"),
        args("ID=$((ORDINAL + 1)) exec clickhouse-keeper --config-file=/etc/clickhouse-keeper/keeper.yaml"),
        env(ORDINAL = "${pod.ordinal}"),
        storage(data = "/var/lib/clickhouse", size = "10Gi"),
        readiness(http = "/ready", port = "http"),
        talks_to("keeper")
    )]
    #[serde(default)]
    pub keepers: Keeper,

    /// The data.
    #[node_type(
        name = "shard",
        order = 2,
        replicas = 2,
        port(http = 8123, sql = SQL, interserver = INTERSERVER, metrics = METRICS),
        command("clickhouse-server", "--config-file=/etc/clickhouse-server/config.xml"),
        env(SHARD = "${node.key}", REPLICA = "${pod.name}", HOST = "${pod.host}"),
        storage(data = "/var/lib/clickhouse", size = "100Gi"),
        empty_dirs("/var/log/clickhouse-server"),
        readiness(http = "/ping"),
        startup(http = "/ping", failures = 60),
        talks_to("keeper", "shard")
    )]
    pub data: Data,
}

/// Keeps what the replicas agree on.
#[node_type(config(file = "keeper.yaml", mount = "/etc/clickhouse-keeper", with = keeper))]
#[derive(Default)]
pub struct Keeper {}

/// Tables in shards. Each shard has `replicas` pods, which hold the same.
#[node_type(copies = self.shards)]
pub struct Data {
    /// How many parts the data has. A further one leaves the others alone.
    #[schemars(range(min = 1, max = 64))]
    pub shards: u32,
}

/// Hosts and ports, as a keeper and a server write them.
fn addresses<'a>(nodes: impl Iterator<Item = &'a Peer>, port: u16) -> Result<Vec<Value>, Unnamed> {
    let hosts = nodes.map(Peer::pods).collect::<Result<Vec<_>, _>>()?.concat();
    Ok(hosts.into_iter().map(|host| json!({ "host": host, "port": port })).collect())
}

/// Where the shards and the keepers are. The servers watch this file.
fn cluster(_: &ClickHouseSpec, around: &Surroundings) -> Result<Value, Unnamed> {
    let shards = around.nodes("shard").map(|shard| {
        let replicas = addresses([shard].into_iter(), SQL)?;
        Ok(json!({ "internal_replication": true, "replica": replicas }))
    });
    let shards = shards.collect::<Result<Vec<_>, _>>()?;
    Ok(json!({
        "remote_servers": { "all": { "secret": { "@from_env": "CLUSTER_SECRET" }, "shard": shards } },
        "zookeeper": { "node": addresses(around.nodes("keeper"), COORDINATION)? },
    }))
}

fn server(spec: &ClickHouseSpec) -> Value {
    spec.settings.over(json!({
        "listen_host": "0.0.0.0",
        "interserver_http_host": { "@from_env": "HOST" },
        "macros": {
            "cluster": "all",
            "shard": { "@from_env": "SHARD" },
            "replica": { "@from_env": "REPLICA" },
        },
        "prometheus": { "endpoint": "/metrics", "port": METRICS, "metrics": true, "events": true },
    }))
}

fn users(spec: &ClickHouseSpec) -> Value {
    let default = json!({ "password": { "@from_env": "DEFAULT_PASSWORD" }, "networks": { "ip": "::/0" } });
    spec.users.over(json!({ "users": { "default": default } }))
}

fn keeper(_: &Keeper, around: &Surroundings) -> Result<Value, Unnamed> {
    let hosts = around.node().pods()?;
    let members = hosts.iter().zip(1..).map(|(host, id)| json!({ "id": id, "hostname": host, "port": RAFT }));
    let folder = "/var/lib/clickhouse/coordination";
    Ok(json!({
        "listen_host": "0.0.0.0",
        "logger": { "console": true, "level": "information" },
        "prometheus": { "endpoint": "/metrics", "port": METRICS },
        "keeper_server": {
            "tcp_port": COORDINATION,
            "server_id": { "@from_env": "ID" },
            "log_storage_path": format!("{folder}/log"),
            "snapshot_storage_path": format!("{folder}/snapshots"),
            "raft_configuration": { "server": members.collect::<Vec<_>>() },
            "http_control": { "port": 9182, "readiness": { "endpoint": "/ready" } },
        },
    }))
}
