//! Clusters beside clusters, and names that are someone else's.

use k8s_openapi::api::core::v1::{ConfigMap, Service};
use kube::api::DeleteParams;
use serde_json::json;

use crate::{
    kinds::Data,
    setup::{Setup, eventually, small, with},
};

#[tokio::test]
async fn clusters_whose_names_share_a_prefix_do_not_interfere() {
    let (setup, other) = (Setup::new("prefix").await, Setup::new("prefix").await);
    for name in ["a", "a-b", "a-store"] {
        setup.ready(name, small()).await;
    }
    other.ready("a", small()).await;
    let pods = setup.pods().await;
    let elsewhere = other.children().await;
    setup.api::<Data>().delete("a", &DeleteParams::default()).await.unwrap();
    eventually("only the children of the others to be left", || async {
        let children = setup.children().await;
        let own = |name: &String| !name.starts_with("a-b-") && !name.starts_with("a-store-");
        // `a-store-hot` was cluster a's, `a-store-store-hot` is a-store's.
        let left: Vec<_> = children.iter().filter(|name| own(name) || *name == "a-store-hot").collect();
        if left.is_empty() && children.len() == 16 { Ok(()) } else { Err(format!("{children:?}")) }
    })
    .await;
    assert_eq!(other.children().await, elsewhere);
    assert_eq!(pods.len(), 2, "node labels are the same in every cluster: {pods:?}");
}

#[tokio::test]
async fn of_two_clusters_that_want_a_name_the_first_has_it() {
    let setup = Setup::new("same").await;
    // Both want the Service p-store-query: node `query` of a store, and the query node of cluster p-store.
    let first = json!({ "image": "i", "stores": { "query": {} } });
    let second = json!({ "image": "i", "query": {} });
    setup.ready("p", first).await;
    setup.apply("p-store", second).await.unwrap();
    let message = setup.reason("p-store", "NameTaken").await;
    assert!(
        message.contains("Service p-store-query is there already") && message.contains("Data p is its controller"),
        "{message}"
    );
    assert_eq!(setup.event("p-store", "NameTaken").await, message);
    setup.reason("p", "Ready").await;
    setup.api::<Data>().delete("p", &DeleteParams::default()).await.unwrap();
    setup
        .cluster("p-store", "to get the name", |data: &Data| {
            data.status.as_ref().is_some_and(|status| status.is_ready())
        })
        .await;
}

#[tokio::test]
async fn an_object_of_nobody_is_left_as_it_was() {
    let mut setup = Setup::without_operator("nobody").await;
    setup.start::<Data>().await;
    setup.ready("a", small()).await;
    let config_map = setup.names::<ConfigMap>().await.into_iter().find(|name| name.contains("common")).unwrap();
    // The same cluster in a namespace where someone already has two of its names.
    let other = Setup::without_operator("nobody").await;
    other.create("ConfigMap", json!({ "metadata": { "name": config_map }, "data": { "theirs": "1" } })).await;
    other.create("Service", json!({ "metadata": { "name": "a-query" }, "spec": { "ports": [{ "port": 1 }] } })).await;
    let before = (
        other.api::<ConfigMap>().get(&config_map).await.unwrap(),
        other.api::<Service>().get("a-query").await.unwrap(),
    );
    let mut other = other;
    other.start::<Data>().await;
    other.apply("a", small()).await.unwrap();
    let message = other.reason("a", "NameTaken").await;
    assert!(message.contains(&format!("ConfigMap {config_map} is there already and nobody's")), "{message}");
    assert!(message.contains("Service a-query is there already and nobody's"), "{message}");
    other.event("a", "NameTaken").await;
    let after = (
        other.api::<ConfigMap>().get(&config_map).await.unwrap(),
        other.api::<Service>().get("a-query").await.unwrap(),
    );
    assert_eq!(after, before);
    // The user gives the names free.
    other.api::<ConfigMap>().delete(&config_map, &DeleteParams::default()).await.unwrap();
    other.api::<Service>().delete("a-query", &DeleteParams::default()).await.unwrap();
    other.reason("a", "Ready").await;
}

#[tokio::test]
async fn an_object_of_another_controller_is_left_as_it_was() {
    let setup = Setup::without_operator("theirs").await;
    setup.create("ConfigMap", json!({ "metadata": { "name": "owner" } })).await;
    let uid = setup.api::<ConfigMap>().get("owner").await.unwrap().metadata.uid.unwrap();
    let owner = json!([{ "apiVersion": "v1", "kind": "ConfigMap", "name": "owner", "uid": uid, "controller": true }]);
    setup.create("Service", json!({ "metadata": { "name": "a-query", "ownerReferences": owner }, "spec": { "ports": [{ "port": 1 }] } })).await;
    let before = setup.api::<Service>().get("a-query").await.unwrap();
    let mut setup = setup;
    setup.start::<Data>().await;
    setup.apply("a", with(small(), [("/query/replicas", json!(1))])).await.unwrap();
    let message = setup.reason("a", "NameTaken").await;
    assert!(message.contains("ConfigMap owner is its controller"), "{message}");
    assert_eq!(setup.api::<Service>().get("a-query").await.unwrap(), before);
}
