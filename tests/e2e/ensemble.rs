//! The ZooKeeper example: members that are listed in each other's files.

use k8s_openapi::api::core::v1::{ConfigMap, Pod};
use kube::api::{DeleteParams, ListParams, ResourceExt};
use serde_json::{Value, json};
use zookeeper_operator::ZooKeeper;

use crate::setup::{Setup, eventually, with};

fn spec() -> Value {
    json!({ "image": "zookeeper:3.9.4", "servers": {}, "observers": {} })
}

/// The lines of `zoo.cfg` that a node's pods read.
async fn zoo_cfg(setup: &Setup, node: &str) -> String {
    let pods = setup.api::<Pod>().list(&ListParams::default()).await.unwrap();
    let pod = pods.iter().find(|pod| pod.name_any().starts_with(node)).unwrap();
    let volumes = pod.spec.as_ref().unwrap().volumes.iter().flatten();
    let sources = volumes.filter_map(|volume| volume.projected.as_ref()).flat_map(|it| it.sources.iter().flatten());
    let map = sources.filter_map(|source| source.config_map.as_ref()).next().unwrap().name.clone();
    let map = setup.api::<ConfigMap>().get(&map).await.unwrap();
    map.data.unwrap().remove("zoo.cfg").unwrap()
}

#[test]
fn its_definition_is_right() {
    operator_core::check::<ZooKeeper>().unwrap();
}

#[tokio::test]
async fn an_ensemble_is_installed_scaled_changed_and_deleted() {
    let setup = Setup::of_kind::<ZooKeeper>("ensemble").await;
    setup.enforce_restricted().await;
    let ready: ZooKeeper = setup.ready_as("zk", spec()).await;
    assert_eq!(ready.status.unwrap().ready, "4/4", "three servers by default");
    let host = |node: &str, id: &str| format!("zk-{node}-{id}.zk-{node}.{}.svc:2888:3888", setup.namespace);
    let of_servers = zoo_cfg(&setup, "zk-server").await;
    for line in [
        format!("server.1={}:participant;2181", host("server", "0")),
        format!("server.3={}:participant;2181", host("server", "2")),
        format!("server.101={}:observer;2181", host("observer", "0")),
    ] {
        assert!(of_servers.contains(&line), "{line}\n{of_servers}");
    }
    assert!(!of_servers.contains("server.4=") && !of_servers.contains("peerType"), "{of_servers}");
    assert!(zoo_cfg(&setup, "zk-observer").await.contains("peerType=observer"));

    let even = setup.apply_as::<ZooKeeper>("zk", with(spec(), [("/servers/replicas", json!(4))])).await;
    assert!(even.unwrap_err().to_string().contains("servers.replicas must be odd"));

    let before = setup.uids::<Pod>().await;
    let five = with(spec(), [("/servers/replicas", json!(5))]);
    let ready: ZooKeeper = setup.ready_as("zk", five.clone()).await;
    assert_eq!(ready.status.unwrap().ready, "6/6");
    let after = setup.uids::<Pod>().await;
    assert!(zoo_cfg(&setup, "zk-server").await.contains("server.5="));
    assert!(before.iter().all(|(name, uid)| after.get(name).is_some_and(|new| new != uid)), "{before:?} {after:?}");

    let changed = with(five, [("/config", json!({ "tickTime": 3000 }))]);
    let _: ZooKeeper = setup.ready_as("zk", changed).await;
    assert!(zoo_cfg(&setup, "zk-server").await.contains("tickTime=3000"));

    setup.api::<ZooKeeper>().delete("zk", &DeleteParams::default()).await.unwrap();
    eventually("no pod to be left", || async {
        let pods = setup.uids::<Pod>().await;
        if pods.is_empty() { Ok(()) } else { Err(format!("{pods:?}")) }
    })
    .await;
    assert_eq!(setup.claims().await.len(), 6, "the data stays");
}
