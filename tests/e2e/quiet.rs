//! A cluster in its desired state costs nothing.

use std::time::Duration;

use serde_json::json;

use crate::{
    kinds::{Data, newer},
    setup::{Setup, small, with},
};

/// Long enough for what follows a rollout to have settled.
const SETTLE: Duration = Duration::from_secs(3);

#[tokio::test]
async fn nothing_is_asked_while_only_pods_change_their_status() {
    let setup = Setup::new("quiet").await;
    let churning = json!({ "podAnnotations": { "operator-testbed/churn": "true" } });
    setup.ready("a", with(small(), [("/defaults", churning)])).await;
    tokio::time::sleep(SETTLE).await;
    let before = setup.requests().await.len();
    tokio::time::sleep(Duration::from_secs(30)).await;
    let requests = setup.requests().await;
    assert_eq!(requests.len(), before, "{:#?}", &requests[before..]);
}

#[tokio::test]
async fn a_restart_or_a_newer_build_writes_nothing_and_restarts_no_pod() {
    let mut setup = Setup::new("restart").await;
    let spec = with(
        small(),
        [(
            "/defaults",
            json!({
                "resources": { "requests": { "cpu": "1000m", "memory": "0.5Gi" }, "limits": { "memory": "1024Mi" } },
                "tolerations": [{ "key": "dedicated", "operator": "Exists", "effect": "NoExecute", "tolerationSeconds": 30 }],
                "env": [{ "name": "POD", "valueFrom": { "fieldRef": { "fieldPath": "metadata.name" } } }],
                "affinity": { "podAntiAffinity": { "preferredDuringSchedulingIgnoredDuringExecution": [
                    { "weight": 1, "podAffinityTerm": { "topologyKey": "kubernetes.io/hostname" } } ] } },
                "nodeSelector": { "kubernetes.io/os": "linux" },
            }),
        )],
    );
    setup.ready("a", spec).await;
    tokio::time::sleep(SETTLE).await;
    let pods = setup.pods().await;
    for newer in [false, true] {
        setup.stop().await;
        let before = setup.requests().await.len();
        if newer {
            setup.start::<newer::Data>().await
        } else {
            setup.start::<Data>().await
        }
        tokio::time::sleep(SETTLE).await;
        let requests = setup.requests().await;
        let writes: Vec<_> = requests[before..].iter().filter(|request| request.verb != "list").collect();
        assert!(writes.is_empty(), "newer build: {newer}; {writes:#?}");
    }
    assert_eq!(setup.pods().await, pods);
    // It isn't quiet because it sleeps.
    let scaled = with(small(), [("/query/replicas", json!(3))]);
    setup.ready("a", scaled).await;
}
