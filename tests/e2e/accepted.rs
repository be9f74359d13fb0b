//! While a newer spec is invalid, what was accepted before is kept up.

use k8s_openapi::api::{
    apps::v1::{ControllerRevision, Deployment, StatefulSet},
    core::v1::Service,
};
use kube::{
    Api, ResourceExt,
    api::{DeleteParams, ListParams},
};
use serde::de::DeserializeOwned;
use serde_json::json;

use crate::{
    optional::{FOR_EVER, Optional, plain},
    setup::{Setup, eventually, small, with},
};

/// Someone deletes an object, and it comes back.
async fn comes_back<K>(setup: &Setup, name: &str)
where
    K: kube::Resource<Scope = k8s_openapi::NamespaceResourceScope> + Clone + DeserializeOwned + std::fmt::Debug,
    K::DynamicType: Default,
{
    let objects: Api<K> = Api::namespaced(setup.client.clone(), &setup.namespace);
    let before = objects.get(name).await.unwrap().uid();
    objects.delete(name, &DeleteParams::background()).await.unwrap();
    eventually(&format!("{name} to come back"), || async {
        match objects.get_opt(name).await.unwrap() {
            Some(object) if object.uid() != before => Ok(()),
            other => Err(format!("{other:?}")),
        }
    })
    .await;
}

#[tokio::test]
async fn while_a_spec_is_invalid_what_was_accepted_is_put_back_also_after_a_restart() {
    let mut setup = Setup::new("accepted").await;
    setup.ready("a", small()).await;
    let pods = setup.pods().await;
    let too_small = with(small(), [("/stores/hot/storage", json!({ "data": { "size": "1Mi" } }))]);
    let merged = with(
        small(),
        [
            ("/defaults", json!({ "resources": { "requests": { "cpu": "4" } } })),
            ("/query/resources", json!({ "limits": { "cpu": "2" } })),
        ],
    );
    for (invalid, said) in [(too_small, "can't shrink"), (merged, "is above the limit 2")] {
        setup.apply("a", invalid).await.unwrap();
        eventually("the status to say what is wrong", || async {
            let message = setup.reason("a", "InvalidSpec").await;
            if message.contains(said) { Ok(message) } else { Err(message) }
        })
        .await;
        let message = setup.reason("a", "InvalidSpec").await;
        assert!(message.ends_with("; what was accepted before is kept up"), "{message}");
        for restarts in [false, true] {
            if restarts {
                setup.stop().await;
                setup.start::<crate::kinds::Data>().await;
            }
            comes_back::<Service>(&setup, "a-store-hot").await;
        }
    }
    assert_eq!(setup.pods().await, pods, "none was replaced");
    comes_back::<StatefulSet>(&setup, "a-store-hot").await;
    comes_back::<Deployment>(&setup, "a-query").await;
    setup.ready("a", small()).await;
    let revisions: Api<ControllerRevision> = setup.api();
    let ours = ListParams::default().labels("!controller.kubernetes.io/hash,!controller-revision-hash");
    let kept = revisions.list(&ours).await.unwrap().items;
    let [kept] = &kept[..] else { panic!("{kept:#?}") };
    let owners: Vec<&str> = kept.owner_references().iter().map(|owner| owner.kind.as_str()).collect();
    assert_eq!((&*owners, kept.revision), (&["Data"][..], 1));
}

#[tokio::test]
async fn a_function_of_the_author_that_never_ends_is_a_matter_of_one_cluster() {
    let setup = Setup::of_kind::<Optional>("endless").await;
    setup.ready_as::<Optional>("a", plain()).await;
    setup.ready_as::<Optional>("b", plain()).await;
    setup.apply_as::<Optional>("a", with(plain(), [("/clean", json!(FOR_EVER))])).await.unwrap();
    comes_back::<Service>(&setup, "b-store").await;
    let message = setup.reason_of::<Optional>("a", "InvalidSpec").await;
    assert_eq!(
        message,
        "spec: a function of the operator doesn't end within 5 s over this spec; what was accepted before is kept up"
    );
    comes_back::<Service>(&setup, "a-store").await;
    comes_back::<Service>(&setup, "b-store").await;
}
