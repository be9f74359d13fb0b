//! Writes after which the controllers come to rest.

use serde_json::json;

use super::{Step, at, delete, force, patch};

/// The lists in which the controllers' work is seen.
pub fn workloads() -> Vec<String> {
    ["statefulsets", "deployments", "daemonsets", "jobs", "pods", "persistentvolumeclaims"]
        .map(|plural| at(plural, ""))
        .to_vec()
}

/// Writes after each of which the controllers come to rest.
pub fn scenario() -> Vec<(&'static str, Vec<Step>)> {
    let store = |image: &str, replicas: u32, claims: &str| {
        let claim = json!({ "metadata": { "name": "data" },
            "spec": { "accessModes": ["ReadWriteOnce"], "resources": { "requests": { "storage": "1Gi" } } } });
        json!({ "apiVersion": "apps/v1", "kind": "StatefulSet", "spec": {
            "serviceName": "store", "replicas": replicas, "selector": { "matchLabels": { "app": "store" } },
            "persistentVolumeClaimRetentionPolicy": { "whenScaled": claims, "whenDeleted": claims },
            "volumeClaimTemplates": [claim],
            "template": { "metadata": { "labels": { "app": "store" } }, "spec": { "containers": [{ "name": "main", "image": image }] } },
        } })
    };
    let query = |image: &str, replicas: u32| {
        json!({ "apiVersion": "apps/v1", "kind": "Deployment", "spec": {
            "replicas": replicas, "selector": { "matchLabels": { "app": "query" } },
            "template": { "metadata": { "labels": { "app": "query" } }, "spec": { "containers": [{ "name": "main", "image": image }] } },
        } })
    };
    let agent = |image: &str| {
        json!({ "apiVersion": "apps/v1", "kind": "DaemonSet", "spec": {
            "selector": { "matchLabels": { "app": "agent" } },
            "template": { "metadata": { "labels": { "app": "agent" } }, "spec": { "containers": [{ "name": "main", "image": image }] } },
        } })
    };
    let (set, deployment, daemons) =
        (&at("statefulsets", "store"), &at("deployments", "query"), &at("daemonsets", "agent"));
    let never =
        json!({ "spec": { "template": { "metadata": { "annotations": { "operator-testbed/pod": "never-ready" } } } } });
    vec![
        (
            "workloads are created",
            vec![
                force("", set, "operator", store("a:1", 2, "Retain")),
                force("", deployment, "operator", query("a:1", 2)),
                force("", daemons, "operator", agent("a:1")),
            ],
        ),
        (
            "their images change",
            vec![
                force("", set, "operator", store("a:2", 2, "Retain")),
                force("", deployment, "operator", query("a:2", 2)),
                force("", daemons, "operator", agent("a:2")),
            ],
        ),
        (
            "they are scaled",
            vec![
                force("", set, "operator", store("a:2", 1, "Retain")),
                force("", deployment, "operator", query("a:2", 3)),
            ],
        ),
        ("claims belong to the set", vec![force("", set, "operator", store("a:2", 2, "Delete"))]),
        ("claims go with their pods", vec![force("", set, "operator", store("a:2", 1, "Delete"))]),
        ("a set is orphaned", vec![delete("", set, json!({ "propagationPolicy": "Orphan" }))]),
        ("and made again", vec![force("", set, "operator", store("a:2", 1, "Delete"))]),
        ("pods never get ready", vec![patch("", set, "user", never)]),
        (
            "all is deleted",
            vec![
                delete("", set, json!({})),
                delete("", deployment, json!({ "propagationPolicy": "Foreground" })),
                delete("", daemons, json!({})),
            ],
        ),
    ]
}
