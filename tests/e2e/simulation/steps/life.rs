//! Lives of clusters: what their users and others do to them. After each chapter everything comes to rest.

use serde_json::{Value, json};

use super::{Step, at, delete, force, patch, post};
use crate::setup::{small, with};

/// An image that a policy denies to Deployments.
pub const DENIED: &str = "example.com/denied:1";

/// What happens, what is done, and the reason of the condition `Ready` when all has come to rest. The first chapter is the installation.
pub type Chapter = (&'static str, Vec<Step>, &'static str);

/// Of a cluster with storage, configuration, and numbers that are set by several.
pub fn life() -> Vec<Chapter> {
    let spec = |spec: Value| {
        let cluster = json!({ "apiVersion": "tests.example.com/v1", "kind": "Data", "spec": spec });
        force("", &at("datas", "a"), "user", cluster)
    };
    let [query, scale] = ["a-query", "a-query/scale"].map(|name| at("deployments", name));
    let (service, budget) = (at("services", "a-query"), at("poddisruptionbudgets", "a-store-hot"));
    let first = small();
    let configured = with(first.clone(), [("/common/a", json!(2))]);
    let scaled = with(configured.clone(), [("/stores/hot/replicas", json!(3)), ("/query/replicas", json!(3))]);
    let free = with(scaled.clone(), [("/query", json!({ "networkPolicy": { "enabled": true } }))]);
    let cold = json!({ "replicas": 1, "settings": { "tier": "cold" }, "networkPolicy": { "enabled": true } });
    let more = with(free.clone(), [("/stores/cold", cold)]);
    let less = with(free.clone(), [("/query", Value::Null), ("/stores/hot/replicas", json!(2))]);
    let in_order = with(less.clone(), [("/stores/hot/podManagementPolicy", json!("OrderedReady"))]);
    let grown = with(in_order.clone(), [("/stores/hot/storage", json!({ "data": { "size": "20Gi" } }))]);
    let back = with(grown.clone(), [("/query", json!({ "replicas": 2 }))]);
    let denied = with(back.clone(), [("/image", json!(DENIED))]);
    let mended = with(back.clone(), [("/image", json!("example.com/data:2"))]);
    let autoscaling = json!({ "autoscaling": { "minReplicas": 1, "maxReplicas": 3 },
        "resources": { "requests": { "cpu": "100m" } } });
    let autoscaled = with(mended.clone(), [("/query", autoscaling)]);
    vec![
        ("it is installed", vec![spec(first)], "Ready"),
        ("its configuration changes", vec![spec(configured)], "Ready"),
        ("it is scaled by its spec", vec![spec(scaled)], "Ready"),
        ("a number is left to others", vec![spec(free)], "Ready"),
        (
            "someone scales a workload",
            vec![patch("", &scale, "kubectl", json!({ "spec": { "replicas": 1 } }))],
            "Ready",
        ),
        (
            "someone changes fields of the operator's, and others",
            vec![
                patch(
                    "",
                    &service,
                    "someone",
                    json!({ "spec": { "selector": { "app.kubernetes.io/component": "x" } } }),
                ),
                patch("", &service, "someone", json!({ "metadata": { "labels": { "team": "data" } } })),
                patch(
                    "",
                    &query,
                    "someone",
                    json!({ "metadata": { "labels": { "app.kubernetes.io/instance": null } } }),
                ),
                patch("", &budget, "someone", json!({ "spec": { "maxUnavailable": 2 } })),
            ],
            "Ready",
        ),
        (
            "someone deletes children",
            vec![delete("", &service, json!({})), delete("", &budget, json!({})), delete("", &query, json!({}))],
            "Ready",
        ),
        ("a node comes", vec![spec(more)], "Ready"),
        ("nodes go", vec![spec(less)], "Ready"),
        ("a field changes that a StatefulSet can't change", vec![spec(in_order)], "Ready"),
        ("storage grows", vec![spec(grown)], "Ready"),
        ("a node is back", vec![spec(back)], "Ready"),
        ("a policy denies a change", vec![spec(denied)], "Refused"),
        ("the change is mended", vec![spec(mended)], "Ready"),
        ("an autoscaler takes over", vec![spec(autoscaled)], "Ready"),
        ("it is deleted", vec![delete("", &at("datas", "a"), json!({}))], ""),
    ]
}

/// Of a cluster with a Job that others wait for, a DaemonSet, and a Secret that someone else makes.
pub fn life_with_jobs() -> Vec<Chapter> {
    let spec = |spec: Value| {
        let cluster = json!({ "apiVersion": "plans.example.com/v1", "kind": "Planned", "spec": spec });
        force("", &at("planneds", "a"), "user", cluster)
    };
    let first = json!({
        "image": "example.com/data:1", "password": { "secretName": "password" },
        "migrate": {}, "query": { "replicas": 2 }, "store": { "replicas": 1 }, "agent": {},
    });
    let secret = json!({ "metadata": { "name": "password" }, "stringData": { "password": "first" } });
    let second = json!({ "stringData": { "password": "second" } });
    let newer = with(first.clone(), [("/image", json!("example.com/data:2"))]);
    let less = with(newer.clone(), [("/migrate", Value::Null), ("/agent", Value::Null)]);
    vec![
        ("a Secret that pods read is missing", vec![spec(first)], "Waiting"),
        ("the Secret comes", vec![post("", "secrets", secret)], "Ready"),
        ("the Secret changes", vec![patch("", &at("secrets", "password"), "someone", second)], "Ready"),
        ("a newer image", vec![spec(newer)], "Ready"),
        ("someone deletes the DaemonSet", vec![delete("", &at("daemonsets", "a-agent"), json!({}))], "Ready"),
        ("nodes go", vec![spec(less)], "Ready"),
    ]
}
