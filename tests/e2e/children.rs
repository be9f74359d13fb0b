//! What belongs to the operator is put back; what belongs to others stays.

use k8s_openapi::api::core::v1::ConfigMap;
use kube::api::{DeleteParams, DynamicObject, Patch, PatchParams};
use serde_json::{Value, json};

use crate::setup::{Setup, eventually, small, with};

const COMPONENT: &str = "/metadata/labels/app.kubernetes.io~1component";

fn at(object: &DynamicObject, pointer: &str) -> Value {
    serde_json::to_value(object).unwrap().pointer(pointer).cloned().unwrap_or_default()
}

#[tokio::test]
async fn a_managed_field_that_someone_changed_is_put_back() {
    let setup = Setup::new("drift").await;
    setup.ready("a", small()).await;
    let config_maps = setup.names::<ConfigMap>().await;
    let of_store = config_maps.iter().find(|name| name.contains("store-hot")).unwrap();
    for (kind, name, pointer, patch) in [
        (
            "ConfigMap",
            of_store.as_str(),
            COMPONENT,
            json!({ "metadata": { "labels": { "app.kubernetes.io/component": "x" } } }),
        ),
        (
            "Service",
            "a-query",
            "/spec/ports/0/targetPort",
            json!({ "spec": { "ports": [{ "name": "http", "port": 8082, "targetPort": 1 }] } }),
        ),
        ("Service", "a-query", COMPONENT, json!({ "metadata": { "labels": { "app.kubernetes.io/component": null } } })),
        ("StatefulSet", "a-store-hot", "/spec/replicas", json!({ "spec": { "replicas": 1 } })),
        (
            "Deployment",
            "a-query",
            "/spec/template/spec/containers/0/args",
            json!({ "spec": { "template": { "spec": { "containers": [
            { "name": "query", "image": "example.com/data:1", "args": ["other"] } ] } } } }),
        ),
        (
            "Deployment",
            "a-query",
            "/metadata/labels/app.kubernetes.io~1instance",
            json!({ "metadata": { "labels": { "app.kubernetes.io/instance": "x" } } }),
        ),
        // The key of a list item: apply would put the right one beside it, which the API server refuses.
        (
            "Service",
            "a-query",
            "/spec/ports/0/port",
            json!({ "spec": { "ports": [{ "name": "http", "port": 9999 }] } }),
        ),
        // The label by which children are watched.
        (
            "Service",
            "a-store-hot",
            "/metadata/labels/app.kubernetes.io~1managed-by",
            json!({ "metadata": { "labels": { "app.kubernetes.io/managed-by": "me" } } }),
        ),
    ] {
        let api = setup.any(kind);
        let before = at(&api.get(name).await.unwrap(), pointer);
        let changed = api.patch(name, &PatchParams::default(), &Patch::Merge(patch)).await.unwrap();
        let version = changed.metadata.resource_version.clone();
        eventually(&format!("{kind} {name} {pointer} to be put back"), || async {
            let now = api.get_opt(name).await.unwrap().ok_or("not there")?;
            let seen = at(&now, pointer);
            if seen == before && now.metadata.resource_version != version { Ok(()) } else { Err(seen.to_string()) }
        })
        .await;
    }
}

#[tokio::test]
async fn what_someone_else_set_stays() {
    let setup = Setup::new("foreign").await;
    setup.ready("a", small()).await;
    let restarted = json!({ "spec": { "template": { "metadata": { "annotations": { "kubectl.kubernetes.io/restartedAt": "now" } } } } });
    let labelled = json!({ "metadata": { "labels": { "team": "data" } } });
    let sticky = json!({ "spec": { "sessionAffinity": "ClientIP" } });
    for (kind, name, patch) in [
        ("StatefulSet", "a-store-hot", &restarted),
        ("Deployment", "a-query", &labelled),
        ("Service", "a-query", &labelled),
        ("Service", "a-query", &sticky),
    ] {
        setup.any(kind).patch(name, &PatchParams::default(), &Patch::Merge(patch)).await.unwrap();
    }
    // Makes the operator apply all of them again.
    let spec = with(small(), [("/common/a", json!(2)), ("/image", json!("example.com/data:2"))]);
    setup.ready("a", spec).await;
    let get = async |kind: &str, name: &str, pointer: &str| at(&setup.any(kind).get(name).await.unwrap(), pointer);
    let restarted_at = "/spec/template/metadata/annotations/kubectl.kubernetes.io~1restartedAt";
    assert_eq!(get("StatefulSet", "a-store-hot", restarted_at).await, "now");
    assert_eq!(get("Deployment", "a-query", "/metadata/labels/team").await, "data");
    assert_eq!(get("Service", "a-query", "/metadata/labels/team").await, "data");
    assert_eq!(get("Service", "a-query", "/spec/sessionAffinity").await, "ClientIP");
    assert_eq!(get("Deployment", "a-query", "/spec/template/spec/containers/0/image").await, "example.com/data:2");
}

#[tokio::test]
async fn a_child_that_someone_deleted_comes_back() {
    let setup = Setup::new("gone").await;
    setup.ready("a", small()).await;
    let config_map = setup.names::<ConfigMap>().await.remove(0);
    for (kind, name) in [
        ("ConfigMap", config_map.as_str()),
        ("Service", "a-query"),
        ("StatefulSet", "a-store-hot"),
        ("Deployment", "a-query"),
    ] {
        let api = setup.any(kind);
        let uid = api.get(name).await.unwrap().metadata.uid;
        api.delete(name, &DeleteParams::background()).await.unwrap();
        eventually(&format!("{kind} {name} to come back"), || async {
            let now = api.get_opt(name).await.unwrap().and_then(|object| object.metadata.uid);
            if now.is_some() && now != uid { Ok(()) } else { Err(format!("{now:?}")) }
        })
        .await;
    }
    setup.reason("a", "Ready").await;
}

#[tokio::test]
async fn a_removed_node_loses_its_workload_but_keeps_its_volumes() {
    let setup = Setup::new("remove").await;
    let two = with(small(), [("/stores/cold", json!({ "settings": { "tier": "cold" } }))]);
    setup.ready("a", two).await;
    assert!(setup.children().await.iter().any(|name| name == "a-store-cold"));
    let mut spec = small();
    spec.as_object_mut().unwrap().remove("query");
    setup.ready("a", spec).await;
    eventually("the node and the node type to be gone", || async {
        let mut children = setup.children().await;
        children.retain(|name| name.contains("cold") || name.contains("query"));
        if children.is_empty() { Ok(()) } else { Err(format!("{children:?}")) }
    })
    .await;
    assert_eq!(setup.claims().await, ["data-a-store-cold-0", "data-a-store-hot-0", "data-a-store-hot-1"]);
    assert!(setup.children().await.iter().any(|name| name == "a-store-hot"));
}
