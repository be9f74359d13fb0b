//! Wrong specs get a sentence: from the API server where one object shows it, else in a condition, with nothing applied.

use serde_json::{Value, json};

use crate::setup::{Setup, small, with};

async fn refused(setup: &Setup, spec: Value) -> String {
    match setup.apply("wrong", spec).await {
        Err(kube::Error::Api(status)) => status.message,
        answer => panic!("not refused: {answer:?}"),
    }
}

#[tokio::test]
async fn the_api_server_refuses_what_one_object_shows() {
    let setup = Setup::without_operator("schema").await;
    let mut no_image = small();
    no_image.as_object_mut().unwrap().remove("image");
    for (spec, sentence) in [
        (no_image, "spec.image: Required value"),
        (
            with(small(), [("/query/replicas", json!(-1))]),
            "spec.query.replicas: Invalid value: -1: spec.query.replicas in body should be greater than or equal to 0",
        ),
        (with(small(), [("/query/replica", json!(1))]), ".spec.query.replica: field not declared in schema"),
        (
            with(small(), [("/query/configGroup", json!("big"))]),
            "configGroup in query: there is no such group in configGroups; add it, or name one that is there",
        ),
        (
            with(small(), [("/stores/hot/configGroup", json!("big"))]),
            "configGroup in stores: there is no such group in configGroups",
        ),
        (
            with(small(), [("/stores/Hot", json!({}))]),
            "the name of a node is at most 30 lower-case letters, digits and '-'",
        ),
        (
            with(small(), [("/stores/hot/storage", json!({ "other": {} }))]),
            ".spec.stores.hot.storage.other: field not declared in schema",
        ),
        (with(small(), [("/query/storage", json!({}))]), ".spec.query.storage: field not declared in schema"),
        (
            with(small(), [("/query/resources", json!({ "limits": { "cpu": "lots" } }))]),
            "spec.query.resources.limits.cpu in body should match",
        ),
    ] {
        let message = refused(&setup, spec).await;
        assert!(message.contains(sentence), "wanted: {sentence}\nseen: {message}");
    }
    let name = setup.apply("a.b", small()).await.unwrap_err().to_string();
    assert!(name.contains("Services are named after it"), "{name}");
}

#[tokio::test]
async fn storage_that_shrinks_is_refused() {
    let setup = Setup::new("shrink").await;
    let sized = |size: &str| with(small(), [("/stores/hot/storage", json!({ "data": { "size": size } }))]);
    setup.ready("wrong", sized("20Gi")).await;
    let message = refused(&setup, sized("19Gi")).await;
    assert!(message.contains("storage can't shrink: a PersistentVolumeClaim only grows"), "{message}");
    // Where the earlier size was the operator's default, only the whole shows it.
    setup.ready("defaulted", small()).await;
    setup.apply("defaulted", sized("5Gi")).await.unwrap();
    let message = setup.reason("defaulted", "InvalidSpec").await;
    assert!(message.contains("can't shrink"), "{message}");
}

#[tokio::test]
async fn a_merged_value_that_is_wrong_applies_nothing() {
    let setup = Setup::new("merged").await;
    let spec = with(
        small(),
        [
            ("/defaults", json!({ "resources": { "requests": { "cpu": "4" } } })),
            ("/query/resources", json!({ "limits": { "cpu": "2" } })),
        ],
    );
    setup.apply("a", spec).await.unwrap();
    let message = setup.reason("a", "InvalidSpec").await;
    assert_eq!(message, "spec.query.resources: the cpu request 4 is above the limit 2 (after merging all layers)");
    assert_eq!(setup.event("a", "InvalidSpec").await, message);
    assert!(setup.children().await.is_empty());
    let own = json!({ "tests.example.com/node": "x" });
    setup.apply("a", with(small(), [("/query/podLabels", own)])).await.unwrap();
    let message = setup.reason("a", "InvalidSpec").await;
    assert!(message.contains("`tests.example.com/node` is the operator's own"), "{message}");
    setup.ready("a", small()).await;
}

#[tokio::test]
async fn a_child_that_the_api_server_refuses_leaves_nothing_half_applied() {
    let setup = Setup::new("refused").await;
    let spec = with(small(), [("/query/affinity", json!({ "nodeAffinity": 7 }))]);
    setup.apply("a", spec).await.unwrap();
    let message = setup.reason("a", "Refused").await;
    assert!(message.starts_with("Deployment a-query: ") && message.contains("nodeAffinity"), "{message}");
    crate::setup::eventually("what was made to be taken back", || async {
        let children = setup.children().await;
        if children.is_empty() { Ok(()) } else { Err(format!("{children:?}")) }
    })
    .await;
    tokio::time::sleep(std::time::Duration::from_secs(2)).await;
    let before = setup.requests().await.len();
    tokio::time::sleep(std::time::Duration::from_secs(3)).await;
    let requests = setup.requests().await;
    assert_eq!(requests.len(), before, "not tried again until the spec changes: {:#?}", &requests[before..]);
    setup.ready("a", small()).await;
}

#[tokio::test]
async fn a_stored_object_that_cannot_be_read_does_not_stop_the_others() {
    let setup = Setup::new("unread").await;
    // Too large for the type that this test has, too.
    let unread = setup.apply("a", with(small(), [("/small", json!(300))])).await;
    assert!(matches!(unread, Err(kube::Error::SerdeError(_))), "{unread:?}");
    let note = setup.event("a", "InvalidSpec").await;
    assert!(note.contains("300"), "{note}");
    setup.ready("b", small()).await;
    assert!(setup.children().await.iter().all(|name| name.starts_with("b-")));
}
