//! The examples of kinds with shapes of their own: shards of replicas, pools with ids, nodes of several types in a list.

use clickhouse_operator::ClickHouse;
use k8s_openapi::api::{
    apps::v1::StatefulSet,
    core::v1::{ConfigMap, Pod, Secret},
};
use kafka_operator::Kafka;
use kube::{Resource, api::DeleteParams};
use operator_core::{prelude::*, runtime::Operator};
use pinot_operator::Pinot;
use serde::de::DeserializeOwned;
use serde_json::{Value, json};

use crate::setup::{Setup, eventually, with};

/// Node types that have little in common, in all the ways in which they can share a field.
#[derive(DataOperator, Clone, Debug, Serialize, Deserialize, JsonSchema)]
#[operator(group = "shapes.example.com", version = "v1", kind = "Mixed", every_node(image = "example.com/mixed:1"))]
pub struct MixedSpec {
    /// What all nodes of a type read, each type its own.
    #[config(file = "log.yaml", mount = "/etc/log", reload = none, readers("keeper"))]
    #[serde(default)]
    pub keepers_log: Properties,
    /// The same of others, in a file of the same name.
    #[config(file = "log.yaml", mount = "/etc/log", reload = none, readers("broker"))]
    #[serde(default)]
    pub brokers_log: Properties,
    /// By name.
    #[node_types]
    pub nodes: BTreeMap<String, Member>,
    /// One, of one type or another.
    #[node_types]
    pub engine: Option<Engine>,
    /// Pools in parts.
    #[node_type(name = "pool")]
    #[serde(default)]
    pub pools: BTreeMap<String, Pool>,
}

/// A node.
#[node_types(tag = "role")]
pub enum Member {
    /// Keeps.
    #[node_type(port(http = 80))]
    Keeper(Keeper),
    /// Brokers.
    Broker(Broker),
}

/// Must have what a broker may have.
#[node_type]
pub struct Keeper {
    /// A password.
    #[secret(env = "PASSWORD")]
    pub password: SecretRef,
    /// Anything at all, which has to be there.
    pub anything: Value,
    /// How many at a time.
    #[serde(default = "two")]
    pub many: u32,
    /// A word.
    pub kind: String,
}

/// Has the same fields in other forms.
#[node_type]
pub struct Broker {
    /// A password, or none.
    #[secret(env = "PASSWORD")]
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub password: Option<SecretRef>,
    /// How many at a time, or another number of them.
    #[serde(default = "three")]
    pub many: u32,
    /// A number.
    pub kind: u32,
}

fn two() -> u32 {
    2
}

fn three() -> u32 {
    3
}

/// What computes.
#[node_types]
pub enum Engine {
    /// Without settings.
    Plain(NodeSpec),
    /// With settings.
    Tuned(Tuned),
    /// Isn't compiled.
    #[cfg(any())]
    Missing(Missing),
}

/// With settings.
#[node_type(config(file = "key.txt", mount = "/etc/key", format = raw, with = level))]
pub struct Tuned {
    /// How much.
    pub level: u32,
}

fn level(tuned: &Tuned) -> String {
    tuned.level.to_string()
}

/// A pool in parts.
#[node_type(copies = self.parts, env(POD_NAME = "${pod.name}", PART = "${node.key}"))]
pub struct Pool {
    /// How many.
    pub parts: u8,
}

/// The content of a file that a node's pods read, of the ConfigMap that its StatefulSet mounts.
async fn file(setup: &Setup, workload: &str, file: &str) -> String {
    let workload = setup.api::<StatefulSet>().get(workload).await.unwrap();
    let volumes = workload.spec.unwrap().template.spec.unwrap().volumes.unwrap_or_default();
    let sources =
        volumes.iter().filter_map(|volume| volume.projected.as_ref()).flat_map(|it| it.sources.iter().flatten());
    for name in sources.filter_map(|source| source.config_map.as_ref()).map(|map| &map.name) {
        let map = setup.api::<ConfigMap>().get(name).await.unwrap();
        if let Some(content) = map.data.unwrap_or_default().remove(file) {
            return content;
        }
    }
    panic!("{} has no {file}", workload.metadata.name.unwrap_or_default());
}

/// Deletes the cluster, and waits until no pod is left. Returns the number of claims: the data stays.
async fn delete<K>(setup: &Setup, name: &str) -> usize
where
    K: Cluster + Resource<DynamicType = ()> + DeserializeOwned,
{
    setup.api::<K>().delete(name, &DeleteParams::default()).await.unwrap();
    eventually("no pod to be left", || async {
        let pods = setup.uids::<Pod>().await;
        if pods.is_empty() { Ok(()) } else { Err(format!("{pods:?}")) }
    })
    .await;
    setup.claims().await.len()
}

#[test]
fn their_definitions_are_right() {
    operator_core::check::<ClickHouse>().unwrap();
    operator_core::check::<Kafka>().unwrap();
    operator_core::check::<Pinot>().unwrap();
    operator_core::check::<Mixed>().unwrap();
}

#[tokio::test]
async fn types_that_share_a_field_have_only_what_they_have() {
    let setup = Setup::of_kind::<Mixed>("mixed").await;
    let spec = json!({
        "keepers_log": { "level": "info" },
        "brokers_log": { "level": "debug" },
        "nodes": {
            "a": { "role": "keeper", "password": { "secretName": "p" }, "anything": [1], "kind": "word" },
            "b": { "role": "broker", "kind": 3 },
        },
        "engine": { "nodeType": "tuned", "level": 9 },
        "pools": { "hot": { "parts": 2 } },
    });
    let password = json!({ "metadata": { "name": "p" }, "stringData": { "password": "secret" } });
    setup.api::<Secret>().create(&Default::default(), &serde_json::from_value(password).unwrap()).await.unwrap();
    for (pointer, value, wanted) in [
        ("/nodes/b/role", json!("keeper"), "kind"),
        ("/engine", json!({ "nodeType": "plain", "level": 1 }), "level is for nodes of type tuned only"),
        ("/engine", json!({ "nodeType": "tuned" }), "level is missing: nodes of type tuned have it"),
        ("/engine", json!({ "nodeType": "missing" }), "Unsupported value: \"missing\""),
        ("/pools/hot/parts", json!(65), "should be less than or equal to 64"),
    ] {
        let applied = setup.apply_as::<Mixed>("m", with(spec.clone(), [(pointer, value)])).await;
        match applied {
            Err(refused) => assert!(refused.to_string().contains(wanted), "{pointer}: {refused}"),
            // What only the operator can judge: the types have it in different forms.
            Ok(_) => {
                let message = setup.reason_of::<Mixed>("m", "InvalidSpec").await;
                assert!(pointer == "/nodes/b/role" && message.contains("spec"), "{message}");
            }
        }
    }
    let ready: Mixed = setup.ready_as("m", spec.clone()).await;
    let names: Vec<String> = ready.status.unwrap().nodes.into_iter().map(|node| node.name).collect();
    assert_eq!(names, ["pool-hot-0", "pool-hot-1", "keeper-a", "broker-b", "tuned"]);
    assert!(file(&setup, "m-keeper-a", "log.yaml").await.contains("info"));
    assert!(file(&setup, "m-broker-b", "log.yaml").await.contains("debug"));
    assert_eq!(file(&setup, "m-tuned", "key.txt").await, "9");
    let pod = setup.api::<Pod>().get("m-pool-hot-1-0").await.unwrap();
    let env = pod.spec.unwrap().containers.remove(0).env.unwrap();
    let own = env.iter().find(|variable| variable.name == "POD_NAME").unwrap();
    assert_eq!(own.value_from.as_ref().unwrap().field_ref.as_ref().unwrap().field_path, "metadata.name");
    assert!(
        env.iter().any(|variable| variable.name == "PART" && variable.value.as_deref() == Some("hot-1")),
        "{env:?}"
    );

    let two = with(spec, [("/pools/cold", json!({ "parts": 63 }))]);
    setup.apply_as::<Mixed>("m", two).await.unwrap();
    let message = setup.reason_of::<Mixed>("m", "InvalidSpec").await;
    assert!(message.contains("nodes are too many: at most 64 of type pool"), "{message}");
}

#[tokio::test]
async fn a_further_shard_leaves_the_others_alone() {
    let setup = Setup::of_kind::<ClickHouse>("shards").await;
    setup.enforce_restricted().await;
    let spec = json!({ "image": "clickhouse/clickhouse-server:25.8", "data": { "shards": 2 } });
    let ready: ClickHouse = setup.ready_as("ch", spec.clone()).await;
    assert_eq!(ready.status.unwrap().ready, "7/7", "three keepers, and two shards of two replicas");
    let host = |node: &str, ordinal: u8| format!("ch-{node}-{ordinal}.ch-{node}.{}.svc", setup.namespace);
    let cluster = file(&setup, "ch-shard-1", "cluster.yaml").await;
    for (node, ordinal) in [("shard-0", 1), ("shard-1", 0), ("keeper", 2)] {
        assert!(cluster.contains(&host(node, ordinal)), "{cluster}");
    }
    let keeper = file(&setup, "ch-keeper", "keeper.yaml").await;
    let keeper = keeper.replace(['"', '\''], "");
    assert!(keeper.contains(&host("keeper", 0)) && keeper.contains("@from_env: ID"), "{keeper}");

    // Only the servers read the password, and each knows which one it is.
    let password = setup.api::<Secret>().get("ch-password").await.unwrap();
    assert_eq!(password.data.unwrap()["password"].0.len(), 32);
    let pod = setup.api::<Pod>().get("ch-shard-1-0").await.unwrap();
    let env = pod.spec.unwrap().containers.remove(0).env.unwrap();
    let names: Vec<_> = env.iter().map(|variable| variable.name.as_str()).collect();
    let place = |name: &str| names.iter().position(|known| *known == name).unwrap();
    assert!(names.contains(&"DEFAULT_PASSWORD") && place("POD_NAME") < place("REPLICA"), "{names:?}");
    let value = |name: &str| env.iter().find(|variable| variable.name == name).unwrap().value.clone().unwrap();
    assert_eq!((value("SHARD").as_str(), value("REPLICA").as_str()), ("1", "$(POD_NAME)"));
    let keeper = setup.api::<Pod>().get("ch-keeper-0").await.unwrap();
    let env = keeper.spec.unwrap().containers.remove(0).env.unwrap();
    assert!(env.iter().all(|variable| variable.name != "DEFAULT_PASSWORD"), "{env:?}");

    let before = setup.uids::<Pod>().await;
    let three = with(spec, [("/data/shards", json!(3))]);
    let ready: ClickHouse = setup.ready_as("ch", three.clone()).await;
    assert_eq!(ready.status.unwrap().ready, "9/9");
    let after = setup.uids::<Pod>().await;
    assert!(before.iter().all(|(name, uid)| after.get(name) == Some(uid)), "{before:?} {after:?}");
    assert!(file(&setup, "ch-shard-0", "cluster.yaml").await.contains(&host("shard-2", 1)));

    let even = with(three.clone(), [("/keepers", json!({ "replicas": 2 }))]);
    let refused = setup.apply_as::<ClickHouse>("ch", even).await.unwrap_err().to_string();
    assert!(refused.contains("keepers.replicas must be odd"), "{refused}");
    let more = with(three.clone(), [("/keepers", json!({ "replicas": 5 }))]);
    let refused = setup.apply_as::<ClickHouse>("ch", more).await.unwrap_err().to_string();
    assert!(refused.contains("keepers.replicas stays as it is: keepers take in others one at a time"), "{refused}");

    // A setting rolls the servers, and not the keepers.
    let changed = with(three, [("/settings", json!({ "merge_tree": { "parts_to_delay_insert": 300 } }))]);
    let _: ClickHouse = setup.ready_as("ch", changed.clone()).await;
    let rolled = setup.uids::<Pod>().await;
    let is_same = |name: &String| rolled.get(name) == after.get(name);
    assert!(after.keys().all(|name| is_same(name) == name.starts_with("ch-keeper")), "{after:?} {rolled:?}");
    assert!(file(&setup, "ch-shard-0", "server.yaml").await.contains("parts_to_delay_insert: 300"));

    // One shard less: its data stays, the others' pods, too.
    let ready: ClickHouse = setup.ready_as("ch", with(changed, [("/data/shards", json!(2))])).await;
    assert_eq!(ready.status.unwrap().ready, "7/7");
    let fewer = setup.uids::<Pod>().await;
    assert!(fewer.iter().all(|(name, uid)| rolled.get(name) == Some(uid)), "{rolled:?} {fewer:?}");
    assert_eq!(delete::<ClickHouse>(&setup, "ch").await, 9);
}

#[tokio::test]
async fn pools_of_brokers_are_installed_scaled_changed_and_deleted() {
    let setup = Setup::of_kind::<Kafka>("pools").await;
    setup.enforce_restricted().await;
    let spec = json!({
        "image": "apache/kafka:4.1.0",
        "brokers": { "hot": { "firstId": 100, "replicas": 2 }, "cold": { "firstId": 200, "replicas": 1 } },
    });
    let ready: Kafka = setup.ready_as("k", spec.clone()).await;
    assert_eq!(ready.status.unwrap().ready, "6/6");
    let of_controllers = file(&setup, "k-controller", "server.properties").await;
    let voter = format!("1@k-controller-0.k-controller.{}.svc:9090,2@", setup.namespace);
    // Java's properties escape a colon.
    assert!(of_controllers.replace('\\', "").contains(&voter), "{of_controllers}");
    let of_brokers = file(&setup, "k-broker-cold", "server.properties").await;
    assert!(of_brokers.contains("node.id=200") && of_brokers.contains("process.roles=broker"), "{of_brokers}");
    assert!(!of_brokers.contains("TLS\\:") && !of_brokers.contains("keystore"), "{of_brokers}");

    let meet = with(spec.clone(), [("/brokers/cold/firstId", json!(101))]);
    setup.apply_as::<Kafka>("k", meet).await.unwrap();
    let message = setup.reason_of::<Kafka>("k", "InvalidSpec").await;
    let wanted = "spec.brokers.cold.firstId: the pool `hot` has the ids 100 to 101: take 102 or more";
    assert!(message.contains(wanted), "{message}");

    // More brokers of one pool roll nothing; a line of a pool rolls that pool.
    let before = setup.uids::<Pod>().await;
    let grown = with(spec, [("/brokers/hot/replicas", json!(3))]);
    let ready: Kafka = setup.ready_as("k", grown.clone()).await;
    assert_eq!(ready.status.unwrap().ready, "7/7");
    let after = setup.uids::<Pod>().await;
    assert!(before.iter().all(|(name, uid)| after.get(name) == Some(uid)), "{before:?} {after:?}");
    let changed = with(grown, [("/brokers/cold/config", json!({ "broker.rack": "archive" }))]);
    let _: Kafka = setup.ready_as("k", changed.clone()).await;
    let rolled = setup.uids::<Pod>().await;
    assert!(
        after.iter().all(|(name, uid)| (rolled.get(name) == Some(uid)) != name.starts_with("k-broker-cold")),
        "{after:?} {rolled:?}"
    );

    // Keys for TLS: the brokers alone read them, and get a listener.
    let key = json!({ "metadata": { "name": "kafka-tls" }, "stringData": { "keystore.pem": "key and certificates" } });
    setup.api::<Secret>().create(&Default::default(), &serde_json::from_value(key).unwrap()).await.unwrap();
    let _: Kafka = setup.ready_as("k", with(changed, [("/tls", json!({ "secretName": "kafka-tls" }))])).await;
    let of_brokers = file(&setup, "k-broker-hot", "server.properties").await.replace('\\', "");
    assert!(of_brokers.contains("TLS://@HOST@:9093"), "{of_brokers}");
    let mounts = async |pod: &str| {
        let pod = setup.api::<Pod>().get(pod).await.unwrap();
        let mounts = pod.spec.unwrap().containers.remove(0).volume_mounts.unwrap_or_default();
        mounts.into_iter().any(|mount| mount.mount_path.starts_with("/etc/kafka/tls"))
    };
    assert!(mounts("k-broker-hot-0").await && !mounts("k-controller-0").await);
    assert_eq!(delete::<Kafka>(&setup, "k").await, 7);
}

#[tokio::test]
async fn a_list_of_nodes_of_several_types_is_installed_scaled_changed_and_deleted() {
    let mut setup = Setup::without_operator_of::<Pinot>("several").await;
    setup.start_with(|client| Operator::new::<Pinot>(client).external_checks(false)).await;
    setup.enforce_restricted().await;
    let node = |name: &str, kind: &str, replicas: u8| json!({ "name": name, "nodeType": kind, "replicas": replicas });
    let spec = json!({
        "image": "apachepinot/pinot:1.3.0",
        "external": { "zookeeper": { "address": "zookeeper:2181" } },
        "nodes": [node("main", "controller", 1), node("front", "broker", 1), node("hot", "server", 2)],
    });
    let ready: Pinot = setup.ready_as("p", spec.clone()).await;
    assert_eq!(ready.status.unwrap().ready, "4/4");
    assert!(file(&setup, "p-server-hot", "pinot.conf").await.contains("pinot.server.netty.port=8098"));

    // Of types that share a field, each has its own settings.
    for (index, field, value, wanted) in [
        (1, "storage", json!({ "data": { "size": "1Gi" } }), "storage is for nodes of type controller, server only"),
        (0, "nodeType", json!("historical"), "Unsupported value: \"historical\""),
    ] {
        let wrong: Value = with(spec.clone(), [(format!("/nodes/{index}/{field}").as_str(), value)]);
        let refused = setup.apply_as::<Pinot>("p", wrong).await.unwrap_err().to_string();
        assert!(refused.contains(wanted), "{refused}");
    }

    let before = setup.uids::<Pod>().await;
    let mut grown = with(spec, [("/nodes/2/replicas", json!(3)), ("/nodes/1/config", json!({ "a": "b" }))]);
    grown["nodes"].as_array_mut().unwrap().push(node("tasks", "minion", 1));
    let ready: Pinot = setup.ready_as("p", grown).await;
    assert_eq!(ready.status.unwrap().ready, "6/6");
    let after = setup.uids::<Pod>().await;
    assert!(
        before.iter().all(|(name, uid)| (after.get(name) == Some(uid)) != name.starts_with("p-broker")),
        "{before:?} {after:?}"
    );
    assert_eq!(delete::<Pinot>(&setup, "p").await, 4);
}
