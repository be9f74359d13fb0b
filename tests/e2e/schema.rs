//! What the API server refuses of a node at `kubectl apply`, and what it says: at least one wrong value for every field.

use operator_core::settings::NodeSpec;
use serde_json::{Value, json};

use crate::setup::{Setup, small, with};

/// Field of a node, wrong value, and part of what is said. Fields that only a StatefulSet has are tried on one.
fn wrong() -> Vec<(&'static str, Value, &'static str)> {
    let probe = |more: Value| {
        let mut probe = json!({ "tcpSocket": { "port": "http" } });
        probe.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
        probe
    };
    let spread = |more: Value| {
        let spread = json!({ "maxSkew": 1, "topologyKey": "zone", "whenUnsatisfiable": "ScheduleAnyway" });
        json!([with_all(spread, &more)])
    };
    let mount = |more: Value| json!([with_all(json!({ "name": "a", "mountPath": "/a" }), &more)]);
    let data = |claim: Value| json!({ "data": claim });
    vec![
        ("replicas", json!(-1), "should be greater than or equal to 0"),
        ("configGroup", json!("Big"), "configGroup in body should match"),
        ("configGroup", json!("big"), "there is no such group in configGroups; add it, or name one that is there"),
        ("storage", json!({ "other": {} }), "storage.other: field not declared in schema"),
        ("storage", data(json!({ "size": "50GiB" })), "size in body should match"),
        ("storage", data(json!({ "size": 0 })), "size must be above 0, such as 50Gi"),
        ("storage", data(json!({ "storageClass": "Fast" })), "storageClass in body should match"),
        ("storage", data(json!({ "accessModes": ["ReadWrite"] })), "supported values: \"ReadWriteOnce\""),
        (
            "storage",
            data(json!({ "accessModes": ["ReadWriteOnce", "ReadWriteOncePod"] })),
            "ReadWriteOncePod can't be given beside other access modes",
        ),
        ("storage", data(json!({ "labels": { "a b": "c" } })), "write keys as name or example.com/name"),
        ("storageRetention", json!({ "whenDeleted": "Keep" }), "supported values: \"Retain\", \"Delete\""),
        ("podManagementPolicy", json!("Serial"), "supported values: \"Parallel\", \"OrderedReady\""),
        ("autoscaling", json!({ "minReplicas": 1 }), "autoscaling.maxReplicas: Required value"),
        ("autoscaling", json!({ "minReplicas": 3, "maxReplicas": 2 }), "minReplicas can't be above maxReplicas"),
        ("autoscaling", json!({ "maxReplicas": 2, "metrics": {} }), "autoscaling.metrics"),
        ("ingress", json!({ "hosts": ["a.*.com"] }), "hosts[0] in body should match"),
        ("ingress", json!({ "path": "a" }), "path in body should match"),
        ("ingress", json!({ "port": "a_b" }), "port in body should match"),
        ("ingress", json!({ "className": "A" }), "className in body should match"),
        ("ingress", json!({ "tlsSecret": "a/b" }), "tlsSecret in body should match"),
        ("ingress", json!({ "annotations": { "a/b/c": "d" } }), "write keys as name or example.com/name"),
        ("httpRoute", json!({ "hosts": [] }), "httpRoute.gateways: Required value"),
        ("httpRoute", json!({ "gateways": [] }), "should have at least 1 items"),
        ("httpRoute", json!({ "gateways": [{ "name": "a", "namespace": "a.b" }] }), "namespace in body should match"),
        ("image", json!("a b"), "image in body should match"),
        ("image", json!(""), "image in body should match"),
        ("imagePullPolicy", json!("always"), "supported values: \"Always\", \"IfNotPresent\", \"Never\""),
        ("imagePullSecrets", json!([{ "name": "A" }]), "name in body should match"),
        ("imagePullSecrets", json!([{ "name": "a" }, { "name": "a" }]), "duplicate entries for key [name=\"a\"]"),
        ("resources", json!({ "limits": { "cpu": "lots" } }), "limits.cpu in body should match"),
        ("resources", json!({ "limits": { "cpus": "1" } }), "write cpu, memory, ephemeral-storage, hugepages-<size>"),
        (
            "resources",
            json!({ "limits": { "memory": "1Gi" }, "requests": { "memory": "2G" } }),
            "a request is above its limit: raise the limit, or lower the request",
        ),
        ("env", json!([{ "name": "A=B" }]), "name in body should match"),
        (
            "env",
            json!([{ "name": "A", "value": "b", "valueFrom": { "fieldRef": { "fieldPath": "metadata.name" } } }]),
            "give value or valueFrom, not both",
        ),
        (
            "env",
            json!([{ "name": "A", "valueFrom": {} }]),
            "give one of secretKeyRef, configMapKeyRef, fieldRef and resourceFieldRef",
        ),
        ("env", json!({ "A": "b" }), "query.env"),
        ("envFrom", json!([{ "prefix": "A_" }]), "give configMapRef or secretRef"),
        ("envFrom", json!([{ "secretRef": { "name": "A" } }]), "name in body should match"),
        ("args", json!("a"), "query.args"),
        ("ports", json!([{ "name": "a--b", "number": 1 }]), "name in body should match"),
        ("ports", json!([{ "name": "0", "number": 1 }]), "name in body should match"),
        ("ports", json!([{ "name": "a", "number": 65536 }]), "should be less than or equal to 65535"),
        ("ports", json!([{ "name": "a", "number": 1, "protocol": "HTTP" }]), "supported values: \"TCP\""),
        (
            "ports",
            json!([{ "name": "a", "number": 1 }, { "name": "b", "number": 1 }]),
            "two ports have the same number",
        ),
        ("volumes", json!([{ "emptyDir": {} }]), "volumes"),
        ("volumes", json!([{ "name": "A" }]), "name in body should match"),
        ("volumeMounts", mount(json!({ "mountPath": "/a:b" })), "mountPath in body should match"),
        ("volumeMounts", mount(json!({ "mountPropagation": "Both" })), "supported values: \"Bidirectional\""),
        ("volumeMounts", mount(json!({ "subPath": "a/../b" })), "a path in the volume starts without / and has no .."),
        ("volumeMounts", mount(json!({ "subPath": "a", "subPathExpr": "b" })), "give subPath or subPathExpr, not both"),
        ("volumeMounts", mount(json!({ "recursiveReadOnly": "Enabled" })), "goes with readOnly: true"),
        ("nodeSelector", json!({ "a": "b c" }), "nodeSelector.a in body should match"),
        ("nodeSelector", json!({ "a/b/c": "d" }), "write keys as name or example.com/name"),
        ("tolerations", json!([{ "operator": "Equal" }]), "a toleration without a key needs operator: Exists"),
        ("tolerations", json!([{ "key": "a", "operator": "Exists", "value": "b" }]), "operator: Exists takes no value"),
        ("tolerations", json!([{ "key": "a", "tolerationSeconds": 1 }]), "goes with effect: NoExecute only"),
        ("tolerations", json!([{ "key": "a", "effect": "NoRun" }]), "supported values: \"NoSchedule\""),
        ("affinity", json!("a"), "query.affinity"),
        ("topologySpreadConstraints", spread(json!({ "maxSkew": 0 })), "should be greater than or equal to 1"),
        (
            "topologySpreadConstraints",
            spread(json!({ "whenUnsatisfiable": "Never" })),
            "supported values: \"DoNotSchedule\"",
        ),
        ("topologySpreadConstraints", spread(json!({ "minDomains": 1 })), "whenUnsatisfiable: DoNotSchedule only"),
        ("topologySpreadConstraints", spread(json!({ "topologyKey": "a b" })), "topologyKey in body should match"),
        ("schedulingGates", json!([{ "name": "a/b/c" }]), "name in body should match"),
        ("priorityClassName", json!("A"), "priorityClassName in body should match"),
        ("schedulerName", json!("a b"), "schedulerName in body should match"),
        ("enableServiceLinks", json!("no"), "enableServiceLinks"),
        ("runtimeClassName", json!("A"), "runtimeClassName in body should match"),
        ("serviceAccountName", json!("A"), "serviceAccountName in body should match"),
        ("automountServiceAccountToken", json!("no"), "automountServiceAccountToken"),
        ("podSecurityContext", json!({ "runAsUser": -1 }), "should be greater than or equal to 0"),
        ("podSecurityContext", json!({ "fsGroupChangePolicy": "Never" }), "supported values: \"Always\""),
        ("podSecurityContext", json!({ "seccompProfile": { "type": "Localhost" } }), "localhostProfile goes with type"),
        ("podSecurityContext", json!({ "runAsUsr": 1 }), "podSecurityContext.runAsUsr: field not declared in schema"),
        (
            "securityContext",
            json!({ "privileged": true, "allowPrivilegeEscalation": false }),
            "privileged needs allowPrivilegeEscalation: leave that out",
        ),
        ("securityContext", json!({ "procMount": "None" }), "supported values: \"Default\", \"Unmasked\""),
        (
            "readinessProbe",
            json!({ "periodSeconds": 1 }),
            "give one of exec, grpc, httpGet and tcpSocket; {}: no probe",
        ),
        (
            "livenessProbe",
            json!({ "terminationGracePeriodSeconds": 1 }),
            "give one of exec, grpc, httpGet and tcpSocket",
        ),
        (
            "readinessProbe",
            probe(json!({ "exec": { "command": ["a"] } })),
            "give one of exec, grpc, httpGet and tcpSocket",
        ),
        ("readinessProbe", probe(json!({ "terminationGracePeriodSeconds": 1 })), "field not declared in schema"),
        ("readinessProbe", probe(json!({ "tcpSocket": { "port": 0 } })), "should be greater than or equal to 1"),
        ("readinessProbe", probe(json!({ "tcpSocket": { "port": "a_b" } })), "port in body should match"),
        ("livenessProbe", probe(json!({ "periodSeconds": 0 })), "should be greater than or equal to 1"),
        ("livenessProbe", probe(json!({ "successThreshold": 2 })), "should be less than or equal to 1"),
        ("startupProbe", json!({ "exec": { "command": [] } }), "should have at least 1 items"),
        (
            "startupProbe",
            json!({ "httpGet": { "port": 1, "scheme": "http" } }),
            "supported values: \"HTTP\", \"HTTPS\"",
        ),
        ("lifecycle", json!([]), "query.lifecycle"),
        ("terminationGracePeriodSeconds", json!(-1), "should be greater than or equal to 0"),
        ("minReadySeconds", json!(-1), "should be greater than or equal to 0"),
        ("podLabels", json!({ "a": "-" }), "podLabels.a in body should match"),
        ("podLabels", json!({ "-a": "b" }), "write keys as name or example.com/name"),
        ("podAnnotations", json!({ "a b": "c" }), "write keys as name or example.com/name"),
        ("podAnnotations", json!({ "a": 1 }), "podAnnotations.a"),
        ("initContainers", json!([{ "image": "a" }]), "initContainers"),
        ("sidecars", json!([{ "name": "a.b" }]), "name in body should match"),
        ("dnsPolicy", json!("Cluster"), "supported values: \"ClusterFirstWithHostNet\""),
        ("dnsConfig", json!({ "nameservers": ["dns"] }), "nameservers[0] in body should match"),
        ("dnsConfig", json!({ "nameservers": ["1.2.3"] }), "write an IP address, such as 10.0.0.1 or 2001:db8::1"),
        ("dnsConfig", json!({ "nameservers": ["10.0.0.1", "10.0.0.2", "10.0.0.3", "10.0.0.4"] }), "at most 3 items"),
        ("hostAliases", json!([{ "ip": "1.2.3" }]), "write an IP address, such as 10.0.0.1 or 2001:db8::1"),
        ("hostAliases", json!([{ "ip": "10.0.0.1", "hostnames": ["a_b"] }]), "hostnames[0] in body should match"),
        ("updateStrategy", json!({ "type": "OnDelete" }), "supported values: \"RollingUpdate\", \"Recreate\""),
        ("updateStrategy", json!({ "partition": 1 }), "updateStrategy.partition: field not declared in schema"),
        ("updateStrategy", json!({ "maxUnavailable": "110%" }), "maxUnavailable"),
        (
            "updateStrategy",
            json!({ "maxUnavailable": 0, "maxSurge": "0%" }),
            "can't both be 0: no pod could be replaced",
        ),
        ("updateStrategy", json!({ "type": "Recreate", "maxSurge": 1 }), "go with type: RollingUpdate only"),
        ("configOverrides", json!({ "other.yaml": {} }), "field not declared in schema"),
        ("configOverrides", json!({ "common.properties": "a=b" }), "common.properties"),
        (
            "service",
            json!({ "type": "ExternalName" }),
            "supported values: \"ClusterIP\", \"NodePort\", \"LoadBalancer\"",
        ),
        ("service", json!({ "type": "ClusterIP", "sourceRanges": ["10.0.0.0/8"] }), "go with type: LoadBalancer"),
        ("service", json!({ "sourceRanges": ["10.0.0.1"] }), "write an address range, such as 10.0.0.0/8"),
        ("service", json!({ "ports": [{ "name": "a", "port": 0 }] }), "should be greater than or equal to 1"),
        (
            "service",
            json!({ "ports": [{ "name": "a", "port": 1, "targetPort": "a_b" }] }),
            "targetPort in body should match",
        ),
        ("service", json!({ "annotations": { "": "a" } }), "write keys as name or example.com/name"),
        ("service", json!({ "external": { "loadBalancerClass": "a b" } }), "loadBalancerClass in body should match"),
        (
            "disruptionBudget",
            json!({ "minAvailable": 1, "maxUnavailable": 1 }),
            "give maxUnavailable or minAvailable, not both",
        ),
        ("disruptionBudget", json!({ "minAvailable": "half" }), "minAvailable"),
        ("networkPolicy", json!({ "from": "a" }), "networkPolicy.from"),
        ("verticalAutoscaling", json!({ "updateMode": "Always" }), "query.verticalAutoscaling.updateMode"),
        ("serviceMonitor", json!({ "interval": "30" }), "interval in body should match"),
        ("serviceMonitor", json!({ "path": "metrics" }), "path in body should match"),
        ("podOverrides", json!("a"), "query.podOverrides"),
    ]
}

/// A value with more fields, or others.
fn with_all(mut value: Value, more: &Value) -> Value {
    value.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
    value
}

/// What only StatefulSets have.
const STATEFUL: [&str; 3] = ["storage", "storageRetention", "podManagementPolicy"];

async fn answer(setup: &Setup, field: &str, value: &Value) -> Result<(), String> {
    let node = if STATEFUL.contains(&field) { "/stores/hot" } else { "/query" };
    let spec = with(small(), [(format!("{node}/{field}").as_str(), value.clone())]);
    match setup.apply("a", spec).await {
        Err(kube::Error::Api(status)) => Err(status.message),
        Err(error) => panic!("{field}: {value}: {error}"),
        Ok(_) => Ok(()),
    }
}

#[tokio::test]
async fn every_field_of_a_node_refuses_what_is_wrong_and_says_what_to_write() {
    let setup = Setup::without_operator("wrong").await;
    let mut unlike = Vec::new();
    for (field, value, sentence) in wrong() {
        match answer(&setup, field, &value).await {
            Err(message) if message.contains(sentence) => {}
            seen => unlike.push(format!("{field}: {value}\n  wanted: {sentence}\n  seen: {seen:?}")),
        }
    }
    assert!(unlike.is_empty(), "{}", unlike.join("\n"));
    let schema = schemars::schema_for!(NodeSpec).to_value();
    let fields = schema["properties"].as_object().unwrap().keys();
    let untried: Vec<_> = fields.filter(|field| !wrong().iter().any(|(tried, _, _)| tried == field)).collect();
    assert!(untried.is_empty(), "no wrong value is tried for {untried:?}");
}

#[tokio::test]
async fn what_is_right_is_accepted() {
    let setup = Setup::without_operator("right").await;
    for (field, value) in [
        ("resources", json!({ "limits": { "cpu": 2, "example.com/gpu": "1" }, "requests": { "cpu": "1500m" } })),
        ("resources", json!({ "limits": { "memory": "1Gi" }, "requests": { "memory": "1G" } })),
        ("env", json!([{ "name": "a.b-c", "valueFrom": { "resourceFieldRef": { "resource": "limits.memory" } } }])),
        ("env", json!([{ "name": "A", "value": "", "valueFrom": { "secretKeyRef": { "name": "a", "key": "b" } } }])),
        ("ports", json!([{ "name": "a", "number": 1 }, { "name": "b", "number": 1, "protocol": "UDP" }])),
        ("ports", json!([{ "name": "8-http", "number": 1 }])),
        ("volumes", json!([{ "name": "a", "emptyDir": { "sizeLimit": "1Gi" } }])),
        ("volumeMounts", json!([{ "name": "a", "mountPath": "/a", "subPath": "b/..c", "readOnly": true }])),
        ("nodeSelector", json!({ "topology.example.com/zone": "a", "empty": "" })),
        ("tolerations", json!([{ "operator": "Exists" }, { "key": "a", "value": "b", "effect": "NoSchedule" }])),
        ("tolerations", json!([{ "key": "a", "operator": "Exists", "value": "" }])),
        ("podSecurityContext", json!({ "runAsUser": 0, "seccompProfile": { "type": "RuntimeDefault" } })),
        ("podSecurityContext", json!({ "seccompProfile": { "type": "Localhost", "localhostProfile": "a/b.json" } })),
        ("readinessProbe", json!({})),
        ("livenessProbe", json!({})),
        ("startupProbe", json!({})),
        (
            "readinessProbe",
            json!({ "httpGet": { "port": "http", "path": "/", "httpHeaders": [{ "name": "A", "value": "b" }] } }),
        ),
        ("livenessProbe", json!({ "grpc": { "port": 1 }, "successThreshold": 1, "terminationGracePeriodSeconds": 1 })),
        (
            "dnsConfig",
            json!({ "nameservers": ["2001:db8::1"], "searches": ["a.b.", "."], "options": [{ "name": "ndots" }] }),
        ),
        ("hostAliases", json!([{ "ip": "10.0.0.1", "hostnames": ["a.b"] }])),
        ("updateStrategy", json!({ "type": "RollingUpdate", "maxUnavailable": 0, "maxSurge": "150%" })),
        ("configOverrides", json!({ "common.properties": { "a": 1, "b": "c" } })),
        ("service", json!({ "type": "LoadBalancer", "sourceRanges": ["10.0.0.0/8", "2001:db8::/32"] })),
        ("ingress", json!({ "hosts": ["*.example.com"], "path": "/a/b" })),
        ("httpRoute", json!({ "gateways": [{ "name": "a" }], "path": "/" })),
        ("disruptionBudget", json!({ "maxUnavailable": "100%" })),
        ("serviceMonitor", json!({ "interval": "1m30s", "labels": { "release": "prometheus" } })),
        (
            "autoscaling",
            json!({ "maxReplicas": 2, "metrics": [{ "type": "Resource", "resource": { "name": "cpu" } }] }),
        ),
        ("storage", json!({ "data": { "size": "0.5Gi", "storageClass": "", "accessModes": ["ReadWriteOnce"] } })),
    ] {
        assert_eq!(answer(&setup, field, &value).await, Ok(()), "{field}: {value}");
    }
}

/// Fields that a node can't have aren't there.
#[tokio::test]
async fn a_node_has_only_what_its_workload_has() {
    let setup = Setup::without_operator("workload").await;
    for (pointer, value) in [
        ("/query/storage", json!({})),
        ("/query/storageRetention", json!({})),
        ("/query/podManagementPolicy", json!("Parallel")),
        ("/stores/hot/service", json!({ "type": "NodePort" })),
        ("/stores/hot/updateStrategy", json!({ "maxSurge": 1 })),
        ("/query/configOverrides", json!({ "store.yaml": {} })),
    ] {
        let answer = setup.apply("a", with(small(), [(pointer, value)])).await;
        let message = answer.map(|_| ()).unwrap_err().to_string();
        assert!(message.contains("field not declared in schema"), "{pointer}: {message}");
    }
}
