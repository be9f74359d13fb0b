//! What a deletion with `--cascade=orphan` left, as before a restore from a backup, and who may have it.

use std::{collections::BTreeMap, fmt::Debug};

use k8s_openapi::api::{
    apps::v1::{DaemonSet, Deployment, StatefulSet},
    batch::v1::Job,
    core::v1::{Secret, Service},
};
use kube::{
    Resource,
    api::{DeleteParams, ListParams, Patch, PatchParams, PostParams, PropagationPolicy},
    core::NamespaceResourceScope,
};
use serde::de::DeserializeOwned;
use serde_json::json;

use crate::{
    plans::Planned,
    setup::{Setup, eventually},
};

/// The UIDs of all objects of a kind, and those of their controllers.
async fn owned<K>(setup: &Setup) -> BTreeMap<String, Option<String>>
where
    K: Resource<Scope = NamespaceResourceScope, DynamicType = ()> + Clone + DeserializeOwned + Debug,
{
    let objects = setup.api::<K>().list(&ListParams::default()).await.unwrap();
    let owned = objects.into_iter().map(|object| {
        let meta = object.meta();
        let owner = meta.owner_references.iter().flatten().find(|owner| owner.controller == Some(true));
        (meta.uid.clone().unwrap(), owner.map(|owner| owner.uid.clone()))
    });
    owned.collect()
}

async fn all(setup: &Setup) -> BTreeMap<String, Option<String>> {
    let mut all = owned::<Job>(setup).await;
    all.extend(owned::<Deployment>(setup).await);
    all.extend(owned::<StatefulSet>(setup).await);
    all.extend(owned::<DaemonSet>(setup).await);
    all.extend(owned::<Secret>(setup).await);
    all
}

#[tokio::test]
async fn orphans_are_adopted_where_the_user_asks_for_it() {
    let setup = Setup::of_kind::<Planned>("adopt").await;
    let spec = json!({ "image": "example.com/data:1", "migrate": {}, "query": {}, "agent": {}, "store": {} });
    let first: Planned = setup.ready_as("a", spec.clone()).await;
    let (pods, objects) = (setup.pods_of::<Planned>().await, all(&setup).await);
    let orphan = DeleteParams { propagation_policy: Some(PropagationPolicy::Orphan), ..DeleteParams::default() };
    setup.api::<Planned>().delete("a", &orphan).await.unwrap();
    eventually("the cluster to be gone", || async {
        let there = setup.api::<Planned>().get_opt("a").await.unwrap();
        if there.is_none() { Ok(()) } else { Err(format!("{there:?}")) }
    })
    .await;
    let second: Planned = setup.apply_as("a", spec).await.unwrap();
    let message = setup.reason_of::<Planned>("a", "NameTaken").await;
    assert!(message.contains("have it taken over by the annotation plans.example.com/adopt: \"true\""), "{message}");

    let annotation = json!({ "metadata": { "annotations": { "plans.example.com/adopt": "true" } } });
    setup.api::<Planned>().patch("a", &PatchParams::default(), &Patch::Merge(annotation)).await.unwrap();
    setup.reason_of::<Planned>("a", "Ready").await;
    assert_eq!(setup.pods_of::<Planned>().await, pods, "they go on running, and the Job doesn't run again");
    let (before, after) = (first.metadata.uid, second.metadata.uid);
    assert!(objects.values().all(|owner| *owner == before), "{objects:?}");
    let adopted: BTreeMap<_, _> = objects.into_keys().map(|uid| (uid, after.clone())).collect();
    assert_eq!(all(&setup).await, adopted);
    setup.at_rest::<Planned>("a").await;
}

#[tokio::test]
async fn what_the_operator_did_not_make_is_not_adopted() {
    let setup = Setup::of_kind::<Planned>("adopt").await;
    let secret = json!({ "metadata": { "name": "a-password" }, "stringData": { "password": "theirs" } });
    let secret = serde_json::from_value(secret).unwrap();
    setup.api::<Secret>().create(&PostParams::default(), &secret).await.unwrap();
    setup.create("Service", json!({ "metadata": { "name": "a-store" }, "spec": { "ports": [{ "port": 1 }] } })).await;
    let before = (setup.api::<Secret>().get("a-password").await.unwrap(), owned::<Service>(&setup).await);
    let object = json!({
        "apiVersion": "plans.example.com/v1", "kind": "Planned",
        "metadata": { "name": "a", "annotations": { "plans.example.com/adopt": "true" } },
        "spec": { "image": "example.com/data:1", "store": {} },
    });
    setup.api::<Planned>().patch("a", &PatchParams::apply("user"), &Patch::Apply(object)).await.unwrap();
    let message = setup.reason_of::<Planned>("a", "NameTaken").await;
    assert!(message.contains("Secret a-password is there already and nobody's: delete it, or give"), "{message}");
    assert_eq!((setup.api::<Secret>().get("a-password").await.unwrap(), owned::<Service>(&setup).await), before);
}
