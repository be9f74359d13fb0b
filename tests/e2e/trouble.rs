//! Pods that don't get ready: the status says which and why, and what it costs to know that.

use std::time::Duration;

use operator_core::Cluster;
use serde_json::{Value, json};

use crate::{
    full::Full,
    kinds::Data,
    setup::{Setup, eventually, small, with},
};

fn told(behaviour: &str) -> Value {
    json!({ "operator-testbed/pod": behaviour })
}

/// How often pods were listed.
async fn lists(setup: &Setup) -> usize {
    setup.requests().await.iter().filter(|request| request.resource == "pods").count()
}

/// Waits until the status says that the cluster fails, and these words. `Ready` and `Degraded` say the same.
async fn fails<K: Cluster>(setup: &Setup, words: &[&str]) -> String {
    let cluster = setup
        .cluster("a", &format!("to say {words:?}"), |cluster: &K| {
            let degraded = cluster.status().and_then(|status| status.condition("Degraded"));
            degraded.is_some_and(|degraded| {
                degraded.status == "True" && words.iter().all(|word| degraded.message.contains(word))
            })
        })
        .await;
    let status = cluster.status().unwrap();
    let [ready, degraded] = ["Ready", "Degraded"].map(|type_| status.condition(type_).unwrap());
    assert_eq!((ready.reason.as_str(), &ready.message), ("Failing", &degraded.message));
    degraded.message.clone()
}

#[tokio::test]
async fn a_crash_is_named_in_stateful_sets_and_deployments_until_it_is_over() {
    let setup = Setup::new("crashes").await;
    let broken = with(small(), [("/defaults", json!({ "podAnnotations": told("crash") }))]);
    setup.apply("a", broken).await.unwrap();
    let crash = "and 1 more: container store is in CrashLoopBackOff after at least 2 restarts: Error, exit code 1";
    let message = fails::<Data>(&setup, &["query: pod a-query-", "in CrashLoopBackOff", crash]).await;
    println!("{message}");
    assert!(message.starts_with(&format!("store-hot: pod a-store-hot-0 {crash}; query: ")), "{message}");

    let cluster = setup.ready("a", small()).await;
    let degraded = cluster.status.unwrap().condition("Degraded").cloned().unwrap();
    assert_eq!((degraded.status.as_str(), degraded.message.as_str()), ("False", ""));
    let before = lists(&setup).await;
    tokio::time::sleep(Duration::from_secs(12)).await;
    assert_eq!(lists(&setup).await, before, "the pods of a ready cluster are nobody's concern");
}

#[tokio::test]
async fn a_crash_is_named_in_daemon_sets() {
    let setup = Setup::of_kind::<Full>("crashes-everywhere").await;
    let spec = json!({ "image": "example.com/full:1", "agent": { "podAnnotations": told("crash") } });
    setup.apply_as::<Full>("a", spec).await.unwrap();
    let message = fails::<Full>(&setup, &["agent: pod a-agent-", " and 2 more: container agent"]).await;
    assert!(message.contains("is in CrashLoopBackOff"), "{message}");
}

#[tokio::test]
async fn what_keeps_containers_from_starting_is_named() {
    let setup = Setup::new("waits").await;
    let broken = with(
        small(),
        [("/stores/hot/podAnnotations", told("image-pull")), ("/query/podAnnotations", told("config-error"))],
    );
    setup.apply("a", broken).await.unwrap();
    let message = fails::<Data>(&setup, &["store-hot", "query"]).await;
    println!("{message}");
    let image = "container store: image example.com/data:1 can't be pulled: example.com/data:1: not found";
    assert!(message.contains(image), "{message}");
    let config = "container query is in CreateContainerConfigError: secret \"missing\" not found";
    assert!(message.contains(config), "{message}");
    setup.ready("a", small()).await;
}

#[tokio::test]
async fn the_scheduler_s_words_are_told_and_a_restart_of_the_operator_keeps_them() {
    let mut setup = Setup::new("unscheduled").await;
    let nowhere = with(small(), [("/stores/hot/nodeSelector", json!({ "disk": "none" }))]);
    setup.apply("a", nowhere).await.unwrap();
    let scheduler = "can't be scheduled: 0/3 nodes are available: 3 node(s) didn't match Pod's node affinity/selector";
    let message = fails::<Data>(&setup, &["store-hot: pod a-store-hot-0 and 1 more: ", scheduler]).await;
    println!("{message}");
    assert!(!message.contains("query"), "{message}");

    let before = setup.requests().await.len();
    setup.stop().await;
    setup.start::<Data>().await;
    eventually("the pods to be looked at again", || async {
        let requests = setup.requests().await.split_off(before);
        if requests.iter().any(|request| request.resource == "pods") { Ok(()) } else { Err(format!("{requests:#?}")) }
    })
    .await;
    tokio::time::sleep(Duration::from_secs(1)).await;
    let requests = setup.requests().await.split_off(before);
    assert!(requests.iter().all(|request| request.verb == "list"), "{requests:#?}");
    setup.ready("a", small()).await;
}

#[tokio::test]
async fn a_trouble_costs_a_list_now_and_then_and_no_write_while_it_lasts() {
    let setup = Setup::new("lasting").await;
    setup.apply("a", with(small(), [("/stores/hot/podAnnotations", told("crash"))])).await.unwrap();
    fails::<Data>(&setup, &["store-hot"]).await;
    tokio::time::sleep(Duration::from_secs(2)).await;
    let before = setup.requests().await.len();
    tokio::time::sleep(Duration::from_secs(35)).await;
    let requests = setup.requests().await.split_off(before);
    assert!((1..=3).contains(&requests.len()), "{requests:#?}");
    assert!(requests.iter().all(|request| request.verb == "list" && request.resource == "pods"), "{requests:#?}");
}

#[tokio::test]
async fn pods_that_come_in_order_recover_once_the_spec_is_put_right() {
    let setup = Setup::new("stuck").await;
    let spec = |more: Value| {
        let store = json!({ "replicas": 2, "podManagementPolicy": "OrderedReady", "podAnnotations": more });
        with(small(), [("/stores/hot", store), ("/query", Value::Null)])
    };
    let deletions = || async {
        let requests = setup.requests().await.into_iter();
        requests.filter(|request| request.resource == "pods" && request.verb == "delete").count()
    };
    setup.ready("a", spec(json!({}))).await;
    let pods = setup.pods().await["store-hot"].clone();
    setup.apply("a", spec(told("crash"))).await.unwrap();
    fails::<Data>(&setup, &["store-hot: pod a-store-hot-1: container store is in CrashLoopBackOff"]).await;
    assert_eq!(deletions().await, 0, "no newer template is known");
    setup.ready("a", spec(json!({ "put": "right" }))).await;
    assert_eq!(deletions().await, 1);
    let note = setup.event("a", "Deleted").await;
    assert_eq!(note, "Deleted Pod a-store-hot-1 (stuck on an earlier template)");
    assert!(setup.pods().await["store-hot"].iter().all(|pod| !pods.contains(pod)), "all are on the newest template");

    // A first installation that never got ready: its revision is the current one.
    let broken = Setup::new("stuck-at-first").await;
    broken.apply("a", spec(told("image-pull"))).await.unwrap();
    fails::<Data>(&broken, &["store-hot: pod a-store-hot-0: container store: image"]).await;
    broken.ready("a", spec(json!({ "put": "right" }))).await;
}
