//! An Apache Kafka cluster without ZooKeeper (KRaft), declared in one struct.

use operator_core::{definition::Unnamed, prelude::*};

const CLIENT: u16 = 9092;
const TLS: u16 = 9093;
const BETWEEN: u16 = 9091;
const VOTE: u16 = 9090;

/// An Apache Kafka cluster: controllers that vote, and pools of brokers.
#[derive(DataOperator, Clone, Debug, Serialize, Deserialize, JsonSchema)]
#[operator(group = "kafka.example.com", version = "v1alpha1", kind = "Kafka", shortname = "kf", category = "all")]
#[operator(validate = pools)]
#[operator(every_node(
    command("bash", "-c"),
    args(
        "node=/etc/kafka/node/server.properties own=/tmp/server.properties bin=/opt/kafka/bin\n\
         id=$(($(sed -n 's/^node.id=//p' $node) + ORDINAL))\n\
         sed \"s/^node.id=.*/node.id=$id/; s/@HOST@/$HOST/g\" $node > $own\n\
         $bin/kafka-storage.sh format --ignore-formatted -t $CLUSTER_ID -c $own\n\
         exec $bin/kafka-server-start.sh $own"
    ),
    env(ORDINAL = "${pod.ordinal}", HOST = "${pod.host}", LOG_DIR = "/tmp/logs"),
    storage(data = "/var/lib/kafka", size = "20Gi"),
    empty_dirs("/tmp"),
    run_as(user = 1000),
    publish_not_ready,
    talks_to("controller", "broker")
))]
#[serde(rename_all = "camelCase")]
pub struct KafkaSpec {
    /// Image of every node, for instance `apache/kafka:4.1.0`.
    #[operator(image)]
    #[schemars(length(min = 1))]
    pub image: String,

    /// Lines of every node's `server.properties`, over those that follow from the rest of the spec.
    #[config(file = "server.properties", mount = "/etc/kafka/node", with = properties)]
    #[serde(default)]
    pub config: Properties,

    /// The cluster's identity, in the folder of every node.
    #[secret(env = "CLUSTER_ID", key = "id", generate(length = 22))]
    pub cluster_id: Option<SecretRef>,

    /// Key and certificates of the brokers in `keystore.pem`: clients can come by TLS, at port 9093. Other keys are files beside it.
    #[secret(folder = "/etc/kafka/tls", readers("broker"))]
    pub tls: Option<SecretRef>,

    /// Vote: an odd number, 3 by default.
    #[node_type(
        name = "controller",
        order = 1,
        replicas(default = 3, odd, fixed = "Kafka lists the voters, and takes in no others while it runs"),
        port(vote = VOTE),
        readiness(tcp = "vote")
    )]
    #[serde(default)]
    pub controllers: NodeSpec,

    /// Hold the data, by pool.
    #[node_type(name = "broker", order = 2)]
    pub brokers: BTreeMap<String, Broker>,
}

/// Holds data.
#[node_type(
    replicas = 3,
    port(client = CLIENT, tls = TLS, between = BETWEEN),
    readiness(tcp = "client"),
    startup(tcp = "client", failures = 60)
)]
pub struct Broker {
    /// `node.id` of the pool's first broker, 100 to 1,000,000; the others follow.
    #[schemars(range(min = 100, max = 1_000_000))]
    pub first_id: u32,
    /// Lines of this pool's `server.properties`.
    #[config(file = "server.properties", mount = "/etc/kafka/node")]
    #[serde(default)]
    pub config: Properties,
}

/// What follows from the spec. At its start, a pod adds its ordinal to `node.id`, and puts its host where `@HOST@` is.
fn properties(spec: &KafkaSpec, around: &Surroundings) -> Result<Properties, Unnamed> {
    let hosts = around.nodes("controller").map(Peer::pods).collect::<Result<Vec<_>, _>>()?.concat();
    let voters: Vec<String> = hosts.iter().zip(1..).map(|(host, id)| format!("{id}@{host}:{VOTE}")).collect();
    let mut lines = Properties::from([
        ("controller.quorum.voters", voters.join(",").as_str()),
        ("controller.listener.names", "VOTE"),
        ("listener.security.protocol.map", "VOTE:PLAINTEXT,BETWEEN:PLAINTEXT,CLIENT:PLAINTEXT,TLS:SSL"),
        ("log.dirs", "/var/lib/kafka/data"),
    ]);
    match around.node().key.as_ref().and_then(|pool| spec.brokers.get(pool)) {
        None => {
            lines.set("process.roles", "controller").set("node.id", 1).set("listeners", format!("VOTE://:{VOTE}"));
        }
        Some(pool) => {
            let tls = spec.tls.is_some().then_some(("TLS", TLS));
            let listeners: Vec<_> = [("CLIENT", CLIENT), ("BETWEEN", BETWEEN)].into_iter().chain(tls).collect();
            let at = |host: &str| {
                let at = listeners.iter().map(|(name, port)| format!("{name}://{host}:{port}"));
                at.collect::<Vec<_>>().join(",")
            };
            lines.set("process.roles", "broker").set("node.id", pool.first_id.to_string());
            lines.set("listeners", at("")).set("advertised.listeners", at("@HOST@"));
            lines.set("inter.broker.listener.name", "BETWEEN");
            if spec.tls.is_some() {
                lines.set("ssl.keystore.type", "PEM").set("ssl.keystore.location", "/etc/kafka/tls/keystore.pem");
            }
        }
    }
    Ok(spec.config.over(lines))
}

/// The ids of two pools don't meet.
fn pools(spec: &KafkaSpec) -> Vec<Invalid> {
    let mut pools: Vec<_> = spec.brokers.iter().collect();
    pools.sort_by_key(|(_, pool)| pool.first_id);
    let meet = |(one, other): (&(&String, &Broker), &(&String, &Broker))| {
        let node = &one.1.node;
        let brokers = node.autoscaling.as_ref().map(|scaled| scaled.max_replicas).or(node.replicas);
        let brokers = brokers.and_then(|brokers| u32::try_from(brokers).ok()).unwrap_or(3);
        let free = one.1.first_id + brokers;
        let message =
            format!("the pool `{}` has the ids {} to {}: take {free} or more", one.0, one.1.first_id, free - 1);
        (other.1.first_id < free).then(|| Invalid::new(format!("brokers.{}.firstId", other.0), message))
    };
    pools.iter().zip(pools.iter().skip(1)).filter_map(meet).collect()
}
