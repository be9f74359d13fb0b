//! From nothing to a ready cluster, and back.

use k8s_openapi::api::{
    apps::v1::{Deployment, StatefulSet},
    core::v1::{ConfigMap, Service},
};
use kube::{Resource, ResourceExt, api::DeleteParams};

use crate::{
    kinds::Data,
    setup::{Setup, eventually, small},
};

#[tokio::test]
async fn an_install_writes_every_child_once_and_reads_none() {
    let setup = Setup::new("install").await;
    let cluster = setup.ready("a", small()).await;
    let children = setup.children().await;
    let config_maps = setup.names::<ConfigMap>().await;
    assert_eq!(config_maps.len(), 2, "{config_maps:?}");
    assert!(config_maps[0].starts_with("a-common.properties-"), "{config_maps:?}");
    assert!(config_maps[1].starts_with("a-store-hot-store.yaml-"), "{config_maps:?}");
    assert_eq!(children[2..], ["a-query", "a-store-hot", "a-store-hot", "a-query", "a-query", "a-store-hot"]);

    let service = setup.api::<Service>().get("a-store-hot").await.unwrap();
    assert_eq!(service.spec.unwrap().cluster_ip.as_deref(), Some("None"));
    let store = setup.api::<StatefulSet>().get("a-store-hot").await.unwrap();
    let owner = cluster.controller_owner_ref(&()).unwrap();
    let owners: Vec<&str> = store.owner_references().iter().map(|owner| owner.uid.as_str()).collect();
    assert_eq!(owners, [owner.uid.as_str()]);
    assert_eq!(store.labels().get("app.kubernetes.io/instance").map(String::as_str), Some("a"));
    let query = setup.api::<Deployment>().get("a-query").await.unwrap();
    let pod = query.spec.unwrap().template;
    let hash = pod.metadata.unwrap().annotations.unwrap().get("tests.example.com/config-hash").cloned();
    let env = pod.spec.unwrap().containers[0].env.clone().unwrap();
    assert_eq!(env.iter().find(|env| env.name == "CONFIG_HASH").and_then(|env| env.value.clone()), hash);

    let status = cluster.status.unwrap();
    assert_eq!(status.ready, "4/4");
    assert_eq!(status.selector, "app.kubernetes.io/name=data,app.kubernetes.io/instance=a", "what `scale(…)` offers");
    let rows: Vec<(&str, i32, i32)> =
        status.nodes.iter().map(|row| (row.name.as_str(), row.replicas, row.ready)).collect();
    assert_eq!(rows, [("store-hot", 2, 2), ("query", 2, 2)]);
    assert_eq!(status.nodes.last().map(|row| row.config_hash.clone()), hash);

    let mut requests = setup.requests().await;
    // The operator's own first lists, of clusters, of workloads, and of a kind that a cluster wants for the first time, are no part of an install.
    let listed = [
        "datas",
        "statefulsets",
        "deployments",
        "daemonsets",
        "jobs",
        "poddisruptionbudgets",
        "persistentvolumeclaims",
    ];
    requests.retain(|request| request.verb != "list" || !listed.contains(&request.resource.as_str()));
    let status_patches = requests.iter().filter(|request| request.subresource == "status").count();
    let creates = requests.iter().filter(|request| request.code == 201).count();
    println!("install: {creates} creates, {status_patches} status patches, {} requests in all", requests.len());
    assert_eq!(creates, children.len() + 1, "and the spec, once all of it was accepted");
    assert_eq!(requests.iter().rfind(|request| request.code == 201).unwrap().resource, "controllerrevisions");
    // One of them before anything else: disruption budgets aren't watched from the start, and are recorded before they are created.
    assert!((2..=5).contains(&status_patches), "{requests:#?}");
    assert_eq!(requests.len(), creates + status_patches, "nothing else was asked: {requests:#?}");
    let events = setup.events("a").await;
    assert_eq!(events.len(), 1, "{events:#?}");
    assert!(events[0].1.contains("StatefulSet a-store-hot"), "{events:#?}");
}

#[tokio::test]
async fn a_deleted_cluster_leaves_nothing_but_claims() {
    let setup = Setup::new("delete").await;
    setup.ready("a", small()).await;
    setup.api::<Data>().delete("a", &DeleteParams::default()).await.unwrap();
    eventually("no child to be left", || async {
        let (children, pods) = (setup.children().await, setup.pods().await);
        if children.is_empty() && pods.is_empty() { Ok(()) } else { Err(format!("{children:?} {pods:?}")) }
    })
    .await;
    assert_eq!(setup.claims().await, ["data-a-store-hot-0", "data-a-store-hot-1"]);
}
