//! What cluster.yaml becomes.

#![allow(clippy::unwrap_used, reason = "a test may stop at what it did not expect")]

use operator_core::{
    Cluster as _,
    model::{Identity, Object},
    render::{Blueprint, render},
};
use pinot_operator::Pinot;
use serde_json::{Value, json};

fn cluster() -> Value {
    serde_saphyr::from_str(include_str!("../cluster.yaml")).unwrap()
}

/// The children, as the operator makes them of this object.
fn build(object: Value) -> Blueprint {
    let pinot: Pinot = serde_json::from_value(object).unwrap();
    let spec = serde_json::to_value(&pinot.spec).unwrap();
    let identity = Identity { namespace: "pinot".into(), name: "events".into(), uid: "1".into() };
    render(&identity, &spec, Pinot::DEFINITION).unwrap()
}

fn of_kind<'a>(blueprint: &'a Blueprint, kind: &str) -> Vec<&'a Object> {
    blueprint.objects.iter().filter(|object| object.kind.kind == kind).map(|object| &**object).collect()
}

#[test]
fn the_definition_is_right() {
    operator_core::check::<Pinot>().unwrap();
}

/// The schema has it so, whatever the type: patches and references tell nodes apart by their names.
#[test]
fn names_are_unique_in_the_list() {
    let object = cluster();
    let names: Vec<_> = object["spec"]["nodes"].as_array().unwrap().iter().map(|node| node["name"].as_str()).collect();
    let unique: std::collections::BTreeSet<_> = names.iter().collect();
    assert_eq!(unique.len(), names.len(), "{names:?}");
}

#[test]
fn each_item_of_the_list_is_a_node() {
    let blueprint = build(cluster());
    let nodes: Vec<_> = blueprint.nodes.iter().map(|node| (node.name.as_str(), node.replicas)).collect();
    assert_eq!(nodes, [("controller-main", 1), ("broker-front", 2), ("server-hot", 2), ("server-cold", 1)]);
    let mut workloads: Vec<_> = of_kind(&blueprint, "StatefulSet").iter().map(|object| object.name.as_str()).collect();
    workloads.sort_unstable();
    assert_eq!(workloads, ["events-broker-front", "events-controller-main", "events-server-cold", "events-server-hot"]);
    let args = |node: &str| {
        let workloads = of_kind(&blueprint, "StatefulSet");
        let workload = workloads.iter().find(|object| object.node_name() == Some(node)).unwrap();
        workload.json["spec"]["template"]["spec"]["containers"][0]["args"][0].clone()
    };
    assert_eq!(
        ["controller-main", "broker-front", "server-hot"].map(args),
        ["StartController", "StartBroker", "StartServer"]
    );
    let zookeeper = &blueprint.externals[0];
    assert_eq!((zookeeper.external.name, zookeeper.addresses[0].to_string().as_str()), ("zookeeper", "zookeeper:2181"));
}

#[test]
fn its_configuration_is_what_follows_from_the_cluster_under_its_group_under_its_own() {
    let mut object = cluster();
    let config = |blueprint: &Blueprint| {
        let files = of_kind(blueprint, "ConfigMap");
        let file = files.iter().find(|object| object.node_name() == Some("server-hot")).unwrap();
        file.json["data"]["pinot.conf"].as_str().unwrap().to_owned()
    };
    let lines = "pinot.cluster.name=events
pinot.server.adminapi.port=8097
pinot.server.instance.dataDir=/var/pinot/index
pinot.server.instance.segmentTarDir=/var/pinot/segments
pinot.server.netty.port=8098
pinot.set.instance.id.to.hostname=true
pinot.zk.server=zookeeper:2181
";
    assert_eq!(config(&build(object.clone())), lines);
    object["spec"]["nodes"][2]["config"] = json!({ "pinot.server.instance.dataDir": "/var/pinot/own" });
    assert_eq!(config(&build(object)), lines.replace("/var/pinot/index", "/var/pinot/own"));
}

#[test]
fn the_user_gives_the_order_of_upgrades() {
    let mut object = cluster();
    let order = |blueprint: &Blueprint| {
        let mut nodes: Vec<_> = blueprint.nodes.iter().map(|node| (node.order, node.name.clone())).collect();
        nodes.sort();
        nodes.into_iter().map(|(_, name)| name).collect::<Vec<_>>()
    };
    assert_eq!(order(&build(object.clone())), ["controller-main", "broker-front", "server-cold", "server-hot"]);
    object["spec"]["deploymentOrder"] = json!(["server", "controller"]);
    assert_eq!(order(&build(object)), ["server-cold", "server-hot", "controller-main", "broker-front"]);
}

#[test]
fn a_group_that_is_not_there_is_refused() {
    let mut object = cluster();
    object["spec"]["nodes"][0]["k8sConfigGroup"] = json!("large");
    let identity = Identity { namespace: "pinot".into(), name: "events".into(), uid: "1".into() };
    let refused = render(&identity, &object["spec"], Pinot::DEFINITION);
    let refused = refused.unwrap_err();
    assert!(refused.iter().any(|invalid| invalid.message.contains("large")), "{refused:?}");
}
