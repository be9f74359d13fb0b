//! What a field says stands above what its type says: the same names are no clash.

use operator_core::{
    definition::{Check, Workload},
    prelude::*,
};

#[derive(DataOperator, Clone, Debug, Serialize, Deserialize, JsonSchema)]
#[operator(group = "example.com", version = "v1", kind = "Database")]
pub struct DatabaseSpec {
    #[config(file = "common.ini", mount = "/etc/db", format = raw)]
    pub common: String,

    /// Negative: before everything that says nothing.
    #[node_type(
        name = "leader",
        order = -1,
        image = "db:17",
        port(sql = 6432),
        port(metrics = 9187),
        storage(data = "/var/lib/db", size = "1Ti", class = "fast"),
        env(DB_ROLE = "leader", DB_PORT = "6432"),
        liveness(tcp = "metrics", period = 30, timeout = 5, failures = 3, delay = 0),
    )]
    pub leaders: Member,

    /// As the type is.
    #[node_type(name = "leader-standby", config_hash_env = "CONFIG_HASH")]
    pub standby: Option<Member>,
}

#[node_type(
    workload = StatefulSet,
    port(sql = 5432),
    command("/bin/db", "--foreground"),
    env(DB_ROLE = "standby"),
    env(DB_LOG = "info"),
    storage(data = "/var/lib/db", size = "100Gi"),
    readiness(exec("db-ready", "-q")),
    startup(http = "/started", port = "sql")
)]
pub struct Member {
    #[config(file = "member.ini", mount = "/etc/db", format = raw)]
    pub ini: String,
}

fn main() {
    let [leader, standby] = Database::DEFINITION.node_types else { panic!() };
    assert_eq!((leader.order, leader.layers[2].image), (-1, Some("db:17")));
    assert_eq!(leader.layers[2].env, [("DB_ROLE", "leader"), ("DB_PORT", "6432")]);
    assert_eq!(leader.layers[2].storage[0].class, Some("fast"));
    assert!(matches!(leader.layers[2].liveness.unwrap().check, Check::Tcp { port: "metrics" }));
    assert_eq!(leader.layers[2].liveness.unwrap().delay, Some(0));
    assert_eq!(standby.layers[1].workload, Some(Workload::StatefulSet));
    assert_eq!(standby.layers[1].env, [("DB_ROLE", "standby"), ("DB_LOG", "info")]);
    assert_eq!(standby.layers[1].command, ["/bin/db", "--foreground"]);
    assert!(matches!(standby.layers[1].readiness.unwrap().check, Check::Exec { command: ["db-ready", "-q"] }));
    assert_eq!(standby.layers[2].config_hash_env, Some("CONFIG_HASH"));
}
