//! What a cluster depends on and the operator doesn't run holds its workloads back until it is there.

use std::time::Duration;

use k8s_openapi::api::apps::v1::{Deployment, StatefulSet};
use operator_core::{
    Cluster,
    definition::{Definition, External, ExternalCheck},
    runtime::{Author, Operator},
};
use serde_json::{Value, json};
use tokio::net::TcpListener;

use crate::{
    kinds::Data,
    setup::{Setup, small, typed, with},
};

/// The kind, with a ZooKeeper.
static DEFINITION: Definition = Definition {
    externals: &[External { name: "zookeeper", at: &["common", "zookeeper"], check: ExternalCheck::Tcp }],
    ..*Data::DEFINITION
};

fn at(address: &str) -> Value {
    with(small(), [("/common/zookeeper", json!(address))])
}

#[tokio::test]
async fn workloads_wait_for_an_external_and_run_on_without_it() {
    let mut setup = Setup::without_operator("external").await;
    setup.start_with(|client| Operator::of(client, Author { read: typed, ..Author::from(&DEFINITION) })).await;
    setup.apply("a", at("zookeeper")).await.unwrap();
    let message = setup.reason("a", "InvalidSpec").await;
    assert!(message.contains("spec.common.zookeeper: `zookeeper` has no port"), "{message}");

    let address = TcpListener::bind("127.0.0.1:0").await.unwrap().local_addr().unwrap().to_string();
    setup.apply("a", at(&address)).await.unwrap();
    let message = setup.reason("a", "WaitingForExternal").await;
    assert_eq!(message, format!("store-hot, query: zookeeper at {address}: no answer"));
    assert_eq!(setup.children().await.iter().filter(|name| name.starts_with("a-")).count(), 6, "the rest is there");
    assert!(setup.names::<StatefulSet>().await.is_empty() && setup.names::<Deployment>().await.is_empty());

    let listener = TcpListener::bind(&address).await.unwrap();
    setup.ready("a", at(&address)).await;
    drop(listener);

    // What runs isn't checked again, not even by an operator that has just started.
    setup.stop().await;
    let before = setup.requests().await.len();
    setup.start_with(|client| Operator::of(client, Author { read: typed, ..Author::from(&DEFINITION) })).await;
    tokio::time::sleep(Duration::from_secs(2)).await;
    let requests: Vec<_> = setup.requests().await.split_off(before);
    assert!(requests.iter().all(|request| request.verb == "list"), "{requests:#?}");

    let scaled = with(at(&address), [("/query/replicas", json!(3))]);
    setup.apply("a", scaled.clone()).await.unwrap();
    setup.reason("a", "WaitingForExternal").await;
    setup.stop().await;
    setup
        .start_with(|client| {
            Operator::of(client, Author { read: typed, ..Author::from(&DEFINITION) }).external_checks(false)
        })
        .await;
    setup.ready("a", scaled).await;
}
