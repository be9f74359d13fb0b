//! What others forbid or have already stops an operator; it never makes it delete or borrow something.

use std::time::Duration;

use k8s_openapi::api::{
    apps::v1::StatefulSet,
    core::v1::{Secret, Service},
};
use kube::api::{Patch, PatchParams, PostParams};
use serde_json::json;

use crate::{
    full::Full,
    setup::{Setup, eventually, small, with},
};

#[tokio::test]
async fn an_update_that_a_policy_denies_deletes_nothing() {
    let setup = Setup::new("denied").await;
    setup.ready("a", small()).await;
    let services = setup.api::<Service>();
    let before = services.get("a-query").await.unwrap().metadata.uid;
    setup.deny(("", "services"), (&["UPDATE"], "false", "Services are frozen")).await;
    eventually("the policy to be enforced", || async {
        let label = Patch::Merge(json!({ "metadata": { "labels": { "tried": "yes" } } }));
        match services.patch("a-query", &PatchParams::default().dry_run(), &label).await {
            Err(error) if error.to_string().contains("frozen") => Ok(()),
            answer => Err(format!("{answer:?}")),
        }
    })
    .await;

    let spec = with(small(), [("/query/service", json!({ "annotations": { "a": "b" } }))]);
    setup.apply("a", spec).await.unwrap();
    let message = setup.reason("a", "Refused").await;
    assert!(message.contains("Services are frozen"), "{message}");
    tokio::time::sleep(Duration::from_secs(2)).await;
    assert_eq!(services.get("a-query").await.unwrap().metadata.uid, before);
}

#[tokio::test]
async fn pods_do_not_start_with_a_secret_of_someone_else() {
    let setup = Setup::without_operator_of::<Full>("foreign").await;
    let foreign =
        serde_json::from_value(json!({ "metadata": { "name": "a-database" }, "stringData": { "database": "x" } }));
    setup.api::<Secret>().create(&PostParams::default(), &foreign.unwrap()).await.unwrap();
    let mut setup = setup;
    setup.start::<Full>().await;
    setup.apply_as::<Full>("a", json!({ "image": "example.com/full:1", "store": {} })).await.unwrap();
    let message = setup.reason_of::<Full>("a", "NameTaken").await;
    assert!(message.contains("Secret a-database"), "{message}");
    tokio::time::sleep(Duration::from_secs(2)).await;
    assert!(setup.names_of::<StatefulSet, Full>().await.is_empty());
}
