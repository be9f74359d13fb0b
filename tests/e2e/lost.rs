//! A generated Secret that someone deletes: what it held is in the data system, and no other value takes its place by itself.

use k8s_openapi::api::core::v1::{Secret, Service};
use kube::{
    Resource, ResourceExt,
    api::{DeleteParams, PostParams},
};
use operator_core::Cluster;
use serde_json::json;

use crate::{
    full::Full,
    setup::{Setup, eventually},
};

const NAME: &str = "a-database";

async fn secret(setup: &Setup) -> Option<Secret> {
    setup.api::<Secret>().get_opt(NAME).await.unwrap()
}

/// Someone deletes the Secret; returns once the status says so.
async fn lose(setup: &Setup) {
    setup.api::<Secret>().delete(NAME, &DeleteParams::default()).await.unwrap();
    let message = setup.reason_of::<Full>("a", "SecretLost").await;
    assert!(message.contains("Secret a-database was deleted") && message.contains("create secret generic a-database"));
    let status = setup.api::<Full>().get("a").await.unwrap().status().cloned().unwrap();
    assert_eq!(status.condition("Stalled").map(|stalled| stalled.reason.as_str()), Some("SecretLost"));
    assert!(status.condition("Reconciling").is_none());
}

/// Someone puts a Secret of that name there, as `kubectl create secret generic` does.
async fn create(setup: &Setup, data: Option<std::collections::BTreeMap<String, k8s_openapi::ByteString>>) {
    let mut secret: Secret = serde_json::from_value(json!({ "metadata": { "name": NAME } })).unwrap();
    secret.data = data;
    setup.api::<Secret>().create(&PostParams::default(), &secret).await.unwrap();
}

#[tokio::test]
async fn a_deleted_secret_is_not_made_anew_and_one_in_its_place_is_taken_over() {
    let mut setup = Setup::of_kind::<Full>("lost").await;
    let spec = json!({ "image": "example.com/full:1", "store": { "replicas": 2 } });
    let cluster: Full = setup.ready_as("a", spec).await;
    let before = secret(&setup).await.unwrap();
    let pods = setup.pods_of::<Full>().await;

    lose(&setup).await;
    setup.stop().await;
    setup.start::<Full>().await;
    // What isn't lost is repaired meanwhile, by an operator that knows the loss from the status alone.
    setup.api::<Service>().delete("a-store", &DeleteParams::default()).await.unwrap();
    eventually("the Service to come back", || async {
        setup.api::<Service>().get("a-store").await.map(drop).map_err(|error| error.to_string())
    })
    .await;
    assert_eq!(secret(&setup).await, None);
    assert_eq!(setup.reason_of::<Full>("a", "SecretLost").await.matches("Secret").count(), 1);
    assert_eq!(setup.pods_of::<Full>().await, pods, "nothing rolls");

    create(&setup, before.data.clone()).await;
    setup.reason_of::<Full>("a", "Ready").await;
    let restored = secret(&setup).await.unwrap();
    assert_eq!((&restored.data, restored.labels()), (&before.data, before.labels()));
    let owners: Vec<&str> = restored.owner_references().iter().map(|owner| owner.uid.as_str()).collect();
    assert_eq!(owners, [cluster.meta().uid.as_deref().unwrap()], "it goes with the cluster again");
    assert_eq!(setup.pods_of::<Full>().await, pods, "they read what they read before");

    lose(&setup).await;
    create(&setup, None).await;
    eventually("another value in use", || async {
        let now = setup.pods_of::<Full>().await;
        let ready = setup.api::<Full>().get("a").await.unwrap().status.is_some_and(|status| status.is_ready());
        let is_another = now["store"].len() == 2 && now["store"].iter().all(|pod| !pods["store"].contains(pod));
        if ready && is_another { Ok(()) } else { Err(format!("{now:?}")) }
    })
    .await;
    let made = secret(&setup).await.unwrap().data.unwrap();
    assert!(made["database"].0.len() == 32 && Some(&made) != before.data.as_ref());
    setup.at_rest::<Full>("a").await;
}
