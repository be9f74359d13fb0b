//! Every field of `NodeSpec` in a running cluster, in a namespace that enforces the `restricted` Pod Security Standard: set, changed and unset,
//! after which the children are as a render from scratch has them, and nothing is left behind.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::{Value, json};

use crate::setup::{Setup, eventually};

/// A field, with two values that differ.
struct Field {
    name: &'static str,
    set: Value,
    change: Value,
    on: On,
}

/// Nodes that the field is tried on.
#[derive(Clone, Copy, PartialEq)]
enum On {
    Store,
    Query,
    Both,
}

fn field(name: &'static str, on: On, set: Value, change: Value) -> Field {
    Field { name, set, change, on }
}

fn fields() -> Vec<Field> {
    use On::{Both, Query, Store};
    let probe = |path: &str| json!({ "httpGet": { "path": path, "port": "http" }, "periodSeconds": 5 });
    let sidecar = |image: &str| json!([{ "name": "helper", "image": image, "env": [{ "name": "A", "value": "1" }] }]);
    vec![
        field("replicas", Both, json!(2), json!(0)),
        field("configGroup", Both, json!("one"), json!("two")),
        field(
            "storage",
            Store,
            json!({ "data": { "labels": { "tier": "a" }, "accessModes": ["ReadWriteOncePod"] } }),
            json!({ "data": { "labels": { "tier": "b" }, "storageClass": "kwok-volume" } }),
        ),
        field(
            "storageRetention",
            Store,
            json!({ "whenScaled": "Delete" }),
            json!({ "whenDeleted": "Delete", "whenScaled": "Retain" }),
        ),
        field(
            "autoscaling",
            Both,
            json!({ "maxReplicas": 3, "metrics": [{ "type": "Resource", "resource": { "name": "memory",
                "target": { "type": "AverageValue", "averageValue": "1024Mi" } } }] }),
            json!({ "minReplicas": 1, "maxReplicas": 4, "behavior": { "scaleDown": { "stabilizationWindowSeconds": 60 } },
                "metrics": [{ "type": "Resource", "resource": { "name": "memory", "target": { "type": "AverageValue", "averageValue": "2Gi" } } }] }),
        ),
        field(
            "ingress",
            Query,
            json!({ "hosts": ["a.example.com"], "path": "/q" }),
            json!({ "hosts": ["b.example.com"], "className": "nginx", "tlsSecret": "tls", "annotations": { "a": "b" } }),
        ),
        field(
            "httpRoute",
            Query,
            json!({ "gateways": [{ "name": "public" }] }),
            json!({ "gateways": [{ "name": "public", "namespace": "edge" }], "hosts": ["a.example.com"] }),
        ),
        field("image", Both, json!("example.com/other:1"), json!("example.com/other:2")),
        field("imagePullPolicy", Both, json!("Always"), json!("Never")),
        field("imagePullSecrets", Both, json!([{ "name": "a" }]), json!([{ "name": "b" }])),
        field(
            "resources",
            Both,
            json!({ "requests": { "cpu": "1000m" }, "limits": { "memory": "1024Mi" } }),
            json!({ "requests": { "cpu": 0.5 } }),
        ),
        field("env", Both, json!([{ "name": "A", "value": "1" }]), json!([{ "name": "A", "valueFrom": { "fieldRef": { "fieldPath": "metadata.name" } } }])),
        field(
            "envFrom",
            Both,
            json!([{ "configMapRef": { "name": "there" } }]),
            json!([{ "prefix": "X_", "secretRef": { "name": "not-there", "optional": true } }]),
        ),
        field("args", Both, json!(["--fast"]), json!(["--slow", "${cluster.name}"])),
        field("ports", Both, json!([{ "name": "extra", "number": 9999 }]), json!([{ "name": "extra", "number": 9998, "protocol": "UDP" }])),
        field(
            "volumes",
            Both,
            json!([{ "name": "cache", "emptyDir": { "sizeLimit": "1024Mi" } }]),
            json!([{ "name": "cache", "projected": { "sources": [{ "serviceAccountToken": { "path": "token" } }, { "downwardAPI": { "items": [
                { "path": "name", "fieldRef": { "fieldPath": "metadata.name" } } ] } }] } }]),
        ),
        field("volumeMounts", Both, json!([]), json!([])),
        field("nodeSelector", Both, json!({ "kubernetes.io/os": "linux" }), json!({ "kubernetes.io/arch": "amd64" })),
        field(
            "tolerations",
            Both,
            json!([{ "key": "dedicated", "operator": "Exists" }]),
            json!([{ "key": "dedicated", "value": "data", "effect": "NoExecute", "tolerationSeconds": 60 }]),
        ),
        field(
            "affinity",
            Both,
            json!({ "podAntiAffinity": { "preferredDuringSchedulingIgnoredDuringExecution": [{ "weight": 1, "podAffinityTerm": {
                "topologyKey": "kubernetes.io/hostname", "labelSelector": { "matchLabels": { "a": "b" } } } }] } }),
            json!({ "nodeAffinity": { "preferredDuringSchedulingIgnoredDuringExecution": [{ "weight": 2, "preference": {
                "matchExpressions": [{ "key": "kubernetes.io/os", "operator": "In", "values": ["linux"] }] } }] } }),
        ),
        field(
            "topologySpreadConstraints",
            Both,
            json!([]),
            json!([{ "maxSkew": 2, "topologyKey": "kubernetes.io/hostname", "whenUnsatisfiable": "ScheduleAnyway",
                "labelSelector": { "matchLabels": { "a": "b" } } }]),
        ),
        field("schedulingGates", Both, json!([{ "name": "example.com/quota" }]), json!([{ "name": "example.com/other" }])),
        field("priorityClassName", Both, json!("system-node-critical"), json!("system-cluster-critical")),
        field("runtimeClassName", Both, json!("sandbox"), json!("other")),
        field("serviceAccountName", Both, json!("default"), json!("other")),
        field("automountServiceAccountToken", Both, json!(true), json!(false)),
        field("podSecurityContext", Both, json!({ "fsGroup": 2000 }), json!({ "runAsUser": 1001, "supplementalGroups": [5, 4] })),
        field("securityContext", Both, json!({ "readOnlyRootFilesystem": true }), json!({ "runAsUser": 1002 })),
        field("readinessProbe", Both, probe("/a"), json!({ "tcpSocket": { "port": 8083 } })),
        field("livenessProbe", Both, probe("/a"), json!({ "exec": { "command": ["true"] }, "initialDelaySeconds": 0 })),
        field("startupProbe", Both, probe("/a"), json!({ "grpc": { "port": 9 } })),
        field("lifecycle", Both, json!({ "preStop": { "exec": { "command": ["sleep", "1"] } } }), json!({ "preStop": { "sleep": { "seconds": 2 } } })),
        field("terminationGracePeriodSeconds", Both, json!(60), json!(0)),
        field("minReadySeconds", Both, json!(1), json!(0)),
        field("podLabels", Both, json!({ "team": "a" }), json!({ "team": "b", "more": "" })),
        field("podAnnotations", Both, json!({ "note": "a" }), json!({ "note": "b" })),
        field(
            "initContainers",
            Both,
            json!([{ "name": "first", "image": "example.com/i:1", "restartPolicy": "Always" }]),
            json!([{ "name": "first", "image": "example.com/i:2", "resources": { "limits": { "cpu": "1000m" } } }]),
        ),
        field("sidecars", Both, sidecar("example.com/s:1"), sidecar("example.com/s:2")),
        field("dnsPolicy", Both, json!("Default"), json!("ClusterFirst")),
        field("dnsConfig", Both, json!({ "searches": ["a.example.com"] }), json!({ "options": [{ "name": "ndots", "value": "2" }] })),
        field("hostAliases", Both, json!([{ "ip": "10.0.0.1", "hostnames": ["a"] }]), json!([{ "ip": "10.0.0.1", "hostnames": ["b", "c"] }])),
        field("updateStrategy", Store, json!({ "type": "OnDelete" }), json!({ "partition": 1 })),
        field("updateStrategy", Query, json!({ "type": "Recreate" }), json!({ "maxSurge": "50%", "maxUnavailable": 0 })),
        field("podManagementPolicy", Store, json!("OrderedReady"), json!("Parallel")),
        field("configOverrides", Store, json!({ "store.yaml": { "a": 1 } }), json!({ "common.properties": { "a": "${node.name}" } })),
        field(
            "service",
            Query,
            json!({ "type": "LoadBalancer", "annotations": { "a": "b" }, "sourceRanges": ["10.0.0.0/8"] }),
            json!({ "type": "NodePort", "ports": [{ "name": "admin", "port": 80, "targetPort": "http" }], "external": { "type": "NodePort" } }),
        ),
        field("service", Store, json!({ "external": {} }), json!({ "external": { "annotations": { "a": "b" } } })),
        field("disruptionBudget", Both, json!({ "enabled": true, "maxUnavailable": "50%" }), json!({ "enabled": true, "minAvailable": 1 })),
        field("networkPolicy", Both, json!({ "enabled": true }), json!({ "enabled": true, "from": [{ "podSelector": { "matchLabels": { "a": "b" } } }] })),
        field("serviceMonitor", Both, json!({}), json!({ "interval": "30s", "labels": { "a": "b" } })),
        field(
            "podOverrides",
            Both,
            json!({ "spec": { "enableServiceLinks": false, "containers": [{ "name": "store" , "tty": true }] } }),
            json!({ "metadata": { "labels": { "mine": "1" } }, "spec": { "hostNetwork": false, "shareProcessNamespace": true } }),
        ),
    ]
}
