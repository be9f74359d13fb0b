//! The conditions that tools read of any kind: `Reconciling` and `Stalled`, each there only while it is true.

use std::time::Duration;

use operator_core::{Cluster, ClusterStatus};
use serde_json::json;

use crate::{
    kinds::Data,
    setup::{Setup, small, with},
};

/// Looks at the status all the time until it `is` as wanted; returns the reasons and what was there beside `Ready`, without repetitions.
async fn seen(setup: &Setup, is: impl Fn(&ClusterStatus) -> bool) -> Vec<String> {
    let mut seen = Vec::new();
    for _ in 0..3000 {
        let cluster = setup.api::<Data>().get("a").await.unwrap();
        let status = cluster.status().filter(|status| !status.conditions.is_empty());
        if let Some(status) = status.filter(|status| Some(status.observed_generation) == cluster.metadata.generation) {
            let there =
                |type_: &str| status.condition(type_).map(|condition| (type_.to_owned(), condition.status.clone()));
            let only_now: Vec<(String, String)> = ["Reconciling", "Stalled"].into_iter().filter_map(there).collect();
            assert!(only_now.iter().all(|(_, status)| status == "True"), "{only_now:?}");
            let most = usize::from(!status.is_ready());
            assert!(only_now.len() <= most, "{status:#?}");
            let said = only_now.first().map_or("Ready", |(type_, _)| type_).to_owned();
            if seen.last() != Some(&said) {
                seen.push(said);
            }
            if is(status) {
                return seen;
            }
        }
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    panic!("not seen in a minute: {seen:?}");
}

#[tokio::test]
async fn a_change_is_reconciling_until_it_is_ready_and_what_a_person_must_mend_is_stalled() {
    let setup = Setup::new("conditions").await;
    // Long enough to be seen.
    let slow = with(small(), [("/defaults", json!({ "podAnnotations": { "operator-testbed/ready-after": "2s" } }))]);
    setup.apply("a", slow.clone()).await.unwrap();
    assert_eq!(seen(&setup, ClusterStatus::is_ready).await, ["Reconciling", "Ready"]);
    setup.apply("a", with(slow.clone(), [("/image", json!("example.com/data:2"))])).await.unwrap();
    assert_eq!(seen(&setup, ClusterStatus::is_ready).await, ["Reconciling", "Ready"]);

    let storage = json!({ "data": { "size": "1Gi" } });
    setup.apply("a", with(slow.clone(), [("/stores/hot/storage", storage)])).await.unwrap();
    assert_eq!(seen(&setup, |status| status.condition("Stalled").is_some()).await, ["Stalled"]);
    let invalid = setup.reason("a", "InvalidSpec").await;
    assert!(invalid.contains("stores.hot.storage"), "{invalid}");
    setup.apply("a", slow).await.unwrap();
    let mended = seen(&setup, ClusterStatus::is_ready).await;
    assert!(mended == ["Reconciling", "Ready"] || mended == ["Ready"], "{mended:?}");
}
