//! The objects that are sent.

use serde_json::{Value, json};

use super::with;

pub(super) fn config_map(data: Value) -> Value {
    json!({ "apiVersion": "v1", "kind": "ConfigMap", "metadata": { "labels": { "ours": "1" } }, "data": data })
}

pub fn deployment() -> Value {
    json!({
        "apiVersion": "apps/v1", "kind": "Deployment",
        "metadata": { "name": "query", "labels": { "app": "query", "tier": "hot" }, "annotations": { "intent": "1" } },
        "spec": {
            "replicas": 2,
            "selector": { "matchLabels": { "app": "query" } },
            "template": {
                "metadata": { "labels": { "app": "query" } },
                "spec": {
                    "serviceAccountName": "default",
                    "imagePullSecrets": [{ "name": "pull" }],
                    "nodeSelector": { "kubernetes.io/os": "linux" },
                    "tolerations": [{ "key": "a", "operator": "Exists" }],
                    "topologySpreadConstraints": [{ "maxSkew": 1, "topologyKey": "zone", "whenUnsatisfiable": "ScheduleAnyway",
                        "labelSelector": { "matchLabels": { "app": "query" } } }],
                    "hostAliases": [{ "ip": "127.0.0.1", "hostnames": ["a"] }],
                    "initContainers": [{ "name": "before", "image": "busybox" }],
                    "containers": [
                        {
                            "name": "main", "image": "example.com/main:1", "args": ["run"],
                            "env": [
                                { "name": "A", "value": "1" }, { "name": "B", "value": "2" },
                                { "name": "POD", "valueFrom": { "fieldRef": { "apiVersion": "v1", "fieldPath": "metadata.name" } } },
                                { "name": "SECRET", "valueFrom": { "secretKeyRef": { "name": "s", "key": "k" } } },
                            ],
                            "envFrom": [{ "secretRef": { "name": "s", "optional": true } }],
                            "ports": [{ "name": "http", "containerPort": 8080 }],
                            "resources": { "limits": { "memory": "1Gi", "cpu": "500m" }, "requests": { "memory": "1Gi" } },
                            "readinessProbe": { "httpGet": { "port": "http" } },
                            "volumeMounts": [{ "name": "config", "mountPath": "/config" }, { "name": "tmp", "mountPath": "/tmp" }],
                        },
                        { "name": "aside", "image": "example.com/aside@sha256:0000000000000000000000000000000000000000000000000000000000000000" },
                    ],
                    "volumes": [{ "name": "config", "configMap": { "name": "settings" } }, { "name": "tmp", "emptyDir": {} }],
                },
            },
        },
    })
}

pub(super) fn service() -> Value {
    json!({
        "apiVersion": "v1", "kind": "Service", "metadata": { "name": "query" },
        "spec": { "selector": { "app": "query" }, "ports": [{ "name": "http", "port": 80 }, { "name": "metrics", "port": 9090 }] },
    })
}

pub(super) fn stateful_set() -> Value {
    let claim = json!({ "metadata": { "name": "data" },
        "spec": { "accessModes": ["ReadWriteOnce"], "resources": { "requests": { "storage": "1024Mi" } } } });
    json!({
        "apiVersion": "apps/v1", "kind": "StatefulSet", "metadata": { "name": "store", "labels": { "app": "store" } },
        "spec": {
            "serviceName": "store", "replicas": 0, "selector": { "matchLabels": { "app": "store" } },
            "volumeClaimTemplates": [claim],
            "template": {
                "metadata": { "labels": { "app": "store" } },
                "spec": { "containers": [{ "name": "main", "image": "example.com/main" }] },
            },
        },
    })
}

pub(super) fn pod_spec() -> Value {
    json!({ "restartPolicy": "Never", "containers": [{ "name": "main", "image": "example.com/main:1" }] })
}

pub(super) fn widget(spec: Value) -> Value {
    json!({ "apiVersion": "simulation.test/v1", "kind": "Widget", "metadata": { "name": "a" }, "spec": spec })
}

/// A Deployment that a policy changes, and that isn't written as it is stored.
pub(super) fn policed() -> Value {
    let container = "/spec/template/spec/containers/0";
    with(
        deployment(),
        &[
            ("/metadata/labels/policy", "overwrite".into()),
            ("/metadata/name", "policed".into()),
            (&format!("{container}/env/1/value"), "".into()),
            (&format!("{container}/env/2/valueFrom/fieldRef"), json!({ "fieldPath": "metadata.name" })),
            (&format!("{container}/resources/limits"), json!({ "memory": "1024Mi", "cpu": "0.5" })),
        ],
    )
}
