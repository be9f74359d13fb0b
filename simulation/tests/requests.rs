//! What requests answer. What isn't here is compared with a real control plane in tests/e2e/simulation.

use std::sync::Arc;

use operator_simulation::{ApiServer, Kind, Rule};
use serde_json::{Value, json};

use crate::common::{apply, delete, get, patch, send};

const PATH: &str = "/api/v1/namespaces/test/configmaps/settings";

fn config_map(data: Value) -> Value {
    json!({ "apiVersion": "v1", "kind": "ConfigMap", "metadata": { "name": "settings" }, "data": data })
}

#[test]
fn an_apply_owns_what_it_sets_and_loses_what_others_change() {
    let mut server = ApiServer::new();
    let entry = |object: &Value| object["metadata"]["managedFields"][0]["fieldsV1"].clone();
    let (_, applied) = apply(&mut server, PATH, "operator", false, &config_map(json!({ "a": "1", "b": "2" })));
    assert_eq!(entry(&applied), json!({ "f:data": { "f:a": {}, "f:b": {} } }));
    let (_, drifted) = patch(&mut server, PATH, "user", &json!({ "data": { "a": "x" } }));
    assert_eq!(entry(&drifted), json!({ "f:data": { "f:b": {} } }));
    let (code, conflict) = apply(&mut server, PATH, "operator", false, &config_map(json!({ "a": "1", "b": "2" })));
    assert_eq!((code, &conflict["details"]["causes"][0]["field"]), (409, &json!(".data.a")));
    assert_eq!(conflict["message"], "Apply failed with 1 conflict: conflict with \"user\" using v1: .data.a");
    let (_, forced) = apply(&mut server, PATH, "operator", true, &config_map(json!({ "a": "1", "b": "2" })));
    assert_eq!((entry(&forced), &forced["data"]["a"]), (entry(&applied), &json!("1")));
}

#[test]
fn an_apply_that_is_not_written_as_it_is_stored_is_a_write_where_another_applied_since() {
    let mut server = ApiServer::new();
    let path = "/api/v1/namespaces/test/persistentvolumeclaims/data";
    let claim = |storage: &str| {
        json!({ "apiVersion": "v1", "kind": "PersistentVolumeClaim", "metadata": { "name": "data" },
            "spec": { "resources": { "requests": { "storage": storage } } } })
    };
    let version = |(_, object): (u16, Value)| object["metadata"]["resourceVersion"].as_str().unwrap().to_owned();
    let first = version(apply(&mut server, path, "operator", false, &claim("1024Mi")));
    server.pass(1);
    assert_eq!(version(apply(&mut server, path, "operator", false, &claim("1024Mi"))), first);
    let label = json!({ "apiVersion": "v1", "kind": "PersistentVolumeClaim", "metadata": { "labels": { "a": "b" } } });
    let second = version(apply(&mut server, path, "user", false, &label));
    server.pass(1);
    assert_eq!(version(apply(&mut server, path, "operator", false, &claim("1Gi"))), second);
    // Its entry goes behind the other's.
    assert_ne!(version(apply(&mut server, path, "operator", false, &claim("1024Mi"))), second);
}

#[test]
fn a_dry_run_answers_and_stores_nothing() {
    let mut server = ApiServer::new();
    let body = config_map(json!({ "a": "1" }));
    let path = format!("{PATH}?fieldManager=operator&dryRun=All");
    assert_eq!(send(&mut server, "PATCH", "application/apply-patch+yaml", &path, &body).0, 201);
    assert_eq!((get(&mut server, PATH).0, server.log().len()), (404, 0));
}

#[test]
fn a_list_selects_by_label_and_field() {
    let mut server = ApiServer::new();
    for (namespace, name, tier) in [("test", "a", "hot"), ("test", "b", "cold"), ("other", "a", "hot")] {
        let object = json!({ "metadata": { "name": name, "labels": { "tier": tier } } });
        server.create("configmaps", namespace, object, "user").unwrap();
    }
    let mut names = |path: &str| {
        let (_, list) = get(&mut server, path);
        list["items"]
            .as_array()
            .unwrap()
            .iter()
            .map(|item| item["metadata"]["name"].as_str().unwrap().to_owned())
            .collect::<Vec<_>>()
    };
    assert_eq!(names("/api/v1/namespaces/test/configmaps?labelSelector=tier%3Dhot"), ["a"]);
    assert_eq!(names("/api/v1/configmaps?labelSelector=tier%20in%20%28hot%2Ccold%29"), ["a", "a", "b"]);
    assert_eq!(names("/api/v1/namespaces/test/configmaps?fieldSelector=metadata.name%3Db"), ["b"]);
}

#[test]
fn a_kind_that_is_withdrawn_is_not_found() {
    let mut server = ApiServer::new();
    server.serve(Kind::custom("example.com", "v1", "Data", "data", &[("spec.nodes", Rule::Map)]));
    let path = "/apis/example.com/v1/namespaces/test/data/a";
    let body =
        json!({ "apiVersion": "example.com/v1", "kind": "Data", "metadata": { "name": "a" }, "spec": { "x": 1 } });
    assert_eq!(apply(&mut server, path, "user", false, &body).0, 201);
    server.withdraw("data.example.com");
    assert_eq!(get(&mut server, path).0, 404);
}

#[test]
fn an_admission_can_overwrite_and_refuse() {
    let mut server = ApiServer::new();
    server.admit(Arc::new(|_, object| match object["data"]["a"].as_str() {
        Some("bad") => Err("not that".to_owned()),
        _ => {
            object["data"]["a"] = "overwritten".into();
            Ok(())
        }
    }));
    let (_, applied) = apply(&mut server, PATH, "operator", false, &config_map(json!({ "a": "1" })));
    assert_eq!(applied["data"]["a"], "overwritten");
    server.pass(60);
    let (_, again) = apply(&mut server, PATH, "operator", true, &config_map(json!({ "a": "1" })));
    assert_eq!(again, applied, "an apply that ends equal is no write");
    assert_eq!(apply(&mut server, PATH, "operator", true, &config_map(json!({ "a": "bad" }))).0, 403);
}

#[test]
fn a_finalizer_holds_an_object_until_it_is_taken_away() {
    let mut server = ApiServer::new();
    let object = json!({ "metadata": { "name": "settings", "finalizers": ["example.com/a"] } });
    server.create("configmaps", "test", object, "user").unwrap();
    assert_eq!(delete(&mut server, PATH, &json!({})).0, 200);
    assert!(get(&mut server, PATH).1["metadata"]["deletionTimestamp"].is_string());
    patch(&mut server, PATH, "user", &json!({ "metadata": { "finalizers": null } }));
    assert_eq!(get(&mut server, PATH).0, 404);
}
