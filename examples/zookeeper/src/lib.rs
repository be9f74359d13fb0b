//! An Apache ZooKeeper ensemble, declared in one struct.

use operator_core::{definition::Unnamed, prelude::*};

const CLIENT: u16 = 2181;
const QUORUM: u16 = 2888;
const ELECTION: u16 = 3888;
const METRICS: u16 = 7000;

/// An Apache ZooKeeper ensemble: servers that vote, and observers that don't.
#[derive(DataOperator, Clone, Debug, Serialize, Deserialize, JsonSchema)]
#[operator(
    group = "zookeeper.example.com",
    version = "v1alpha1",
    kind = "ZooKeeper",
    shortname = "zk",
    category = "all"
)]
#[operator(every_node(
    port(client = CLIENT, quorum = QUORUM, election = ELECTION, admin = 8080, metrics = METRICS),
    command("bash", "-c"),
    args(
        "echo $((${HOSTNAME##*-} + FIRST_ID)) > /data/myid\n\
         export SERVER_JVMFLAGS=${SUPER_DIGEST:+-Dzookeeper.DigestAuthenticationProvider.superDigest=$SUPER_DIGEST}\n\
         exec zkServer.sh start-foreground /etc/zookeeper/zoo.cfg"
    ),
    storage(data = "/data", size = "10Gi"),
    empty_dirs("/logs", "/tmp"),
    run_as(user = 1000),
    readiness(http = "/commands/ruok", port = "admin"),
    metrics(port = "metrics"),
    publish_not_ready,
    talks_to("server")
))]
#[serde(rename_all = "camelCase")]
pub struct ZooKeeperSpec {
    /// Image of every node, for instance `zookeeper:3.9.4`.
    #[operator(image)]
    #[schemars(length(min = 1))]
    pub image: String,

    /// Lines of `zoo.cfg`, over those that follow from the rest of the spec.
    #[config(file = "zoo.cfg", mount = "/etc/zookeeper", format = properties, with = zoo_cfg)]
    #[serde(default)]
    pub config: Properties,

    /// `super:` and the digest of the password that may do everything.
    #[secret(env = "SUPER_DIGEST", key = "digest")]
    pub super_digest: Option<SecretRef>,

    /// Vote: an odd number, 3 by default.
    #[node_type(name = "server", order = 1, replicas(default = 3, odd), env(FIRST_ID = "1"))]
    #[serde(default)]
    pub servers: NodeSpec,

    /// Answer more clients, and don't vote.
    #[node_type(name = "observer", order = 2, replicas = 1, env(FIRST_ID = "101"))]
    pub observers: Option<NodeSpec>,
}

/// What follows from the spec, under what the user says: every member is in every member's file, so a further one rolls the others.
fn zoo_cfg(spec: &ZooKeeperSpec, around: &Surroundings) -> Result<Properties, Unnamed> {
    let mut lines = Properties::from([
        ("tickTime", "2000"),
        ("initLimit", "10"),
        ("syncLimit", "5"),
        ("dataDir", "/data"),
        ("autopurge.purgeInterval", "24"),
        ("metricsProvider.className", "org.apache.zookeeper.metrics.prometheus.PrometheusMetricsProvider"),
    ]);
    lines.set("metricsProvider.httpPort", METRICS);
    for (node_type, first, role) in [("server", 1, "participant"), ("observer", 101, "observer")] {
        let hosts: Vec<Vec<String>> = around.nodes(node_type).map(Peer::pods).collect::<Result<_, _>>()?;
        for (host, id) in hosts.iter().flatten().zip(first..) {
            lines.set(format!("server.{id}"), format!("{host}:{QUORUM}:{ELECTION}:{role};{CLIENT}"));
        }
    }
    if around.node().node_type == "observer" {
        lines.set("peerType", "observer");
    }
    Ok(spec.config.over(lines))
}
