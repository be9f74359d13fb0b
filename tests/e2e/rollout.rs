//! What rolls, and what doesn't.

use std::collections::BTreeMap;

use k8s_openapi::api::{
    apps::v1::StatefulSet,
    core::v1::{ConfigMap, PersistentVolumeClaim, Pod, ResourceQuota},
};
use kube::{
    ResourceExt,
    api::{ListParams, PostParams},
};
use operator_core::prelude::*;
use serde_json::json;

use crate::setup::{Setup, eventually, small, with};

#[tokio::test]
async fn a_changed_file_rolls_just_the_pods_that_read_it() {
    let setup = Setup::new("roll").await;
    setup.ready("a", small()).await;
    let before = setup.pods().await;

    let spec = with(small(), [("/stores/hot/settings/tier", json!("cold"))]);
    setup.ready("a", spec.clone()).await;
    let after = setup.pods().await;
    assert_eq!(after["query"], before["query"]);
    assert!(after["store-hot"].iter().all(|uid| !before["store-hot"].contains(uid)), "{before:?} {after:?}");

    setup.ready("a", with(spec, [("/common/a", json!(2))])).await;
    let last = setup.pods().await;
    for node in ["query", "store-hot"] {
        assert!(last[node].iter().all(|uid| !after[node].contains(uid)), "{after:?} {last:?}");
    }
    // What nobody reads any more goes, once the pods have rolled.
    eventually("the old ConfigMaps to be gone", || async {
        let config_maps = setup.names::<ConfigMap>().await;
        if config_maps.len() == 2 { Ok(()) } else { Err(format!("{config_maps:?}")) }
    })
    .await;
}

#[tokio::test]
async fn scaling_restarts_no_pod() {
    let setup = Setup::new("scale").await;
    setup.ready("a", small()).await;
    let before = setup.pods().await;
    setup.ready("a", with(small(), [("/stores/hot/replicas", json!(3)), ("/query/replicas", json!(3))])).await;
    let after = setup.pods().await;
    for (node, uids) in before {
        assert_eq!(after[&node].len(), 3);
        assert!(uids.iter().all(|uid| after[&node].contains(uid)), "{node}");
    }
}

#[tokio::test]
async fn a_configuration_stays_while_pods_may_still_read_it() {
    let setup = Setup::new("halted").await;
    setup.ready("a", small()).await;
    let before = setup.names::<ConfigMap>().await;
    let never_ready = json!({ "operator-testbed/pod": "never-ready" });
    let spec = with(
        small(),
        [
            ("/common/a", json!(2)),
            ("/stores/hot/podAnnotations", never_ready.clone()),
            ("/query/podAnnotations", never_ready),
        ],
    );
    setup.apply("a", spec).await.unwrap();
    setup.reason("a", "Progressing").await;
    eventually("the new ConfigMap", || async {
        let now = setup.names::<ConfigMap>().await;
        if now.len() == 3 { Ok(()) } else { Err(format!("{now:?}")) }
    })
    .await;
    tokio::time::sleep(std::time::Duration::from_secs(3)).await;
    let now = setup.names::<ConfigMap>().await;
    assert!(before.iter().all(|name| now.contains(name)), "{before:?} {now:?}");
}

#[tokio::test]
async fn a_rollout_that_got_stuck_recovers_when_the_spec_is_put_right() {
    let setup = Setup::new("stuck").await;
    setup.ready("a", small()).await;
    let crash = json!({ "operator-testbed/pod": "crash" });
    let broken = with(small(), [("/stores/hot/podAnnotations", crash.clone()), ("/query/podAnnotations", crash)]);
    setup.apply("a", broken).await.unwrap();
    let message = setup.reason("a", "Progressing").await;
    assert!(message.contains("store-hot") && message.contains("query"), "{message}");
    tokio::time::sleep(std::time::Duration::from_secs(2)).await;
    setup.ready("a", small()).await;
}

#[tokio::test]
async fn storage_grows_in_place_and_by_a_new_stateful_set_with_the_same_pods() {
    let setup = Setup::new("grow").await;
    setup.ready("a", small()).await;
    let before = setup.pods().await;
    setup.ready("a", with(small(), [("/stores/hot/storage", json!({ "data": { "size": "20Gi" } }))])).await;
    assert_eq!(setup.pods().await, before);
    assert_eq!(setup.event("a", "Replaced").await, "Replaced StatefulSet a-store-hot");
    let grown = "Grown PersistentVolumeClaim data-a-store-hot-0, PersistentVolumeClaim data-a-store-hot-1";
    assert_eq!(setup.event("a", "Grown").await, grown);
}

/// A second StatefulSet would be one too many, but the first one makes room for it.
#[tokio::test]
async fn a_quota_that_is_used_up_does_not_keep_a_stateful_set_from_being_replaced() {
    let setup = Setup::new("quota").await;
    setup.ready("a", small()).await;
    let (name, count) = ("one-set", "count/statefulsets.apps");
    let quota = json!({ "metadata": { "name": name }, "spec": { "hard": { count: "1" } } });
    let quotas = setup.api::<ResourceQuota>();
    quotas.create(&PostParams::default(), &serde_json::from_value(quota).unwrap()).await.unwrap();
    eventually("the quota to be used up", || async {
        let status = quotas.get(name).await.unwrap().status;
        let used = status.and_then(|status| status.used?.get(count).map(|used| used.0.clone()));
        if used.as_deref() == Some("1") { Ok(()) } else { Err(format!("{used:?}")) }
    })
    .await;
    let before = setup.pods().await;
    setup.ready("a", with(small(), [("/stores/hot/storage", json!({ "data": { "size": "20Gi" } }))])).await;
    assert_eq!(setup.pods().await, before);
    assert_eq!(setup.event("a", "Replaced").await, "Replaced StatefulSet a-store-hot");
}

/// Its claims would go with it: they are taken from it first.
#[tokio::test]
async fn a_stateful_set_that_takes_its_claims_with_it_is_replaced_without_them() {
    let setup = Setup::new("release").await;
    let spec = |size: &str| {
        let storage = json!({ "data": { "size": size } });
        let retention = json!({ "whenDeleted": "Delete" });
        with(small(), [("/stores/hot/storage", storage), ("/stores/hot/storageRetention", retention)])
    };
    let claims = async || {
        let claims = setup.api::<PersistentVolumeClaim>().list(&ListParams::default()).await.unwrap().items;
        let owner = |claim: &PersistentVolumeClaim| claim.owner_references().first().map(|owner| owner.uid.clone());
        claims.iter().map(|claim| (claim.uid(), owner(claim))).collect::<Vec<_>>()
    };
    let owned = async |what: &str| {
        let set = setup.api::<StatefulSet>().get("a-store-hot").await.unwrap().uid();
        eventually(what, || async {
            let claims = claims().await;
            if claims.iter().all(|(_, owner)| *owner == set) { Ok(claims) } else { Err(format!("{claims:?}")) }
        })
        .await
    };
    setup.ready("a", spec("2Gi")).await;
    let (pods, before) = (setup.pods().await, owned("the claims to belong to the StatefulSet").await);
    setup.ready("a", spec("3Gi")).await;
    let after = owned("the claims to belong to the new StatefulSet").await;
    assert_eq!(setup.pods().await, pods);
    let uids =
        |claims: &[(Option<String>, Option<String>)]| claims.iter().map(|(uid, _)| uid.clone()).collect::<Vec<_>>();
    assert_eq!((after.len(), uids(&after)), (2, uids(&before)));
    assert_ne!(after[0].1, before[0].1, "it was replaced");
    let requests = setup.requests().await;
    let is_write = |request: &&operator_testbed::Request| request.resource == "statefulsets" && request.verb != "list";
    let of_sets = requests.iter().filter(is_write).skip(1);
    let verbs: Vec<_> = of_sets.map(|request| (request.verb.as_str(), request.code)).collect();
    let expected = [("patch", 422), ("patch", 201), ("patch", 200), ("patch", 422), ("patch", 201), ("delete", 200)];
    assert_eq!(verbs[..6], expected, "{requests:#?}");
}

/// Keeps data and logs.
#[derive(DataOperator, Clone, Debug, Serialize, Deserialize, JsonSchema)]
#[operator(group = "rollout.example.com", version = "v1", kind = "Logged")]
pub struct LoggedSpec {
    /// Image of every node.
    #[operator(image)]
    pub image: String,
    /// Keeps data.
    #[node_type(port(http = 8080), storage(data = "/data", size = "1Gi"), storage(log = "/log", size = "1Gi"))]
    pub store: NodeSpec,
}

/// The same kind, by a build that keeps no logs.
mod earlier {
    use operator_core::prelude::*;

    /// Keeps data.
    #[derive(DataOperator, Clone, Debug, Serialize, Deserialize, JsonSchema)]
    #[operator(group = "rollout.example.com", version = "v1", kind = "Logged")]
    pub struct LoggedSpec {
        /// Image of every node.
        #[operator(image)]
        pub image: String,
        /// Keeps data.
        #[node_type(port(http = 8080), storage(data = "/data", size = "1Gi"))]
        pub store: NodeSpec,
    }
}

/// Kubernetes' controller gets past no pod that was made without a claim.
#[tokio::test]
async fn a_node_type_that_gets_further_storage_has_it_in_every_pod_one_after_the_other() {
    let mut setup = Setup::without_operator_of::<Logged>("further").await;
    let spec = json!({ "image": "example.com/logged:1", "store": { "replicas": 2 } });
    setup.start::<earlier::Logged>().await;
    let _: earlier::Logged = setup.ready_as("a", spec.clone()).await;
    let (before, data) = (setup.uids::<Pod>().await, setup.uids::<PersistentVolumeClaim>().await);
    setup.stop().await;
    setup.start::<Logged>().await;
    let grown = |claims: &BTreeMap<String, String>| claims.len() == 4;
    eventually("each pod to have both claims", || async {
        let claims = setup.uids::<PersistentVolumeClaim>().await;
        if grown(&claims) { Ok(()) } else { Err(format!("{claims:?}")) }
    })
    .await;
    let _: Logged = setup.ready_as("a", spec).await;
    setup.at_rest::<Logged>("a").await;
    let (after, claims) = (setup.uids::<Pod>().await, setup.uids::<PersistentVolumeClaim>().await);
    assert!(after.len() == 2 && after.iter().all(|(name, uid)| before[name] != *uid), "{before:?} {after:?}");
    assert!(data.iter().all(|(name, uid)| claims.get(name) == Some(uid)), "the data stays: {data:?} {claims:?}");
    let requests = setup.requests().await;
    let deleted: Vec<_> = requests.iter().filter(|it| it.resource == "pods" && it.verb == "delete").collect();
    let names: Vec<_> = deleted.iter().map(|request| request.name.as_str()).collect();
    assert_eq!(names, ["a-store-0", "a-store-1"]);
}

/// Its controller makes no further pod before those that lack a claim are gone.
#[tokio::test]
async fn a_set_that_is_scaled_when_its_node_type_gets_further_storage_comes_to_rest() {
    let mut setup = Setup::without_operator_of::<Logged>("further").await;
    let spec = |replicas: u8| json!({ "image": "example.com/logged:1", "store": { "replicas": replicas } });
    setup.start::<earlier::Logged>().await;
    let _: earlier::Logged = setup.ready_as("a", spec(2)).await;
    setup.stop().await;
    setup.apply_as::<Logged>("a", spec(3)).await.unwrap();
    setup.start::<Logged>().await;
    let ready: Logged = setup.ready_as("a", spec(3)).await;
    assert_eq!(ready.status.unwrap().ready, "3/3");
    setup.at_rest::<Logged>("a").await;
    assert_eq!(setup.uids::<PersistentVolumeClaim>().await.len(), 6);
}
