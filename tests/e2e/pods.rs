//! All that a node can say of its pods and of what stands around them: accepted by a restricted namespace, quiet, and gone when it is taken back.

use std::time::Duration;

use k8s_openapi::api::{
    autoscaling::v2::HorizontalPodAutoscaler, core::v1::Namespace, networking::v1::Ingress,
    networking::v1::NetworkPolicy, policy::v1::PodDisruptionBudget,
};
use kube::{
    Api,
    api::{Patch, PatchParams},
};
use serde_json::{Value, json};

use crate::{
    kinds::Data,
    setup::{Setup, eventually, small, with},
};

/// What both nodes say.
fn everything() -> Value {
    json!({
        "imagePullPolicy": "Always",
        "imagePullSecrets": [{ "name": "pull" }],
        "resources": { "requests": { "cpu": "1000m", "memory": "0.5Gi" }, "limits": { "memory": "1024Mi" } },
        "env": [{ "name": "EMPTY", "value": "" }, { "name": "POD", "valueFrom": { "fieldRef": { "fieldPath": "metadata.name" } } }],
        "envFrom": [{ "secretRef": { "name": "s", "optional": true } }],
        "ports": [{ "name": "metrics", "number": 9090 }, { "name": "gossip", "number": 9090, "protocol": "UDP" }],
        "volumes": [
            { "name": "shared", "emptyDir": { "sizeLimit": "1024Mi" } },
            { "name": "token", "projected": { "sources": [
                { "serviceAccountToken": { "path": "token" } },
                { "downwardAPI": { "items": [
                    { "path": "cpu", "resourceFieldRef": { "resource": "limits.cpu", "containerName": "aside", "divisor": "1000m" } },
                    { "path": "name", "fieldRef": { "fieldPath": "metadata.name" } },
                ] } },
            ] } },
            { "name": "claim", "ephemeral": { "volumeClaimTemplate": { "spec": {
                "accessModes": ["ReadWriteOnce"], "resources": { "requests": { "storage": "1024Mi" } } } } } },
        ],
        "volumeMounts": [{ "name": "shared", "mountPath": "/shared", "readOnly": false }],
        "nodeSelector": { "kubernetes.io/os": "linux" },
        "tolerations": [{ "key": "a", "operator": "Exists", "effect": "NoExecute", "tolerationSeconds": 30 }, { "key": "b", "value": "" }],
        "affinity": { "podAntiAffinity": { "preferredDuringSchedulingIgnoredDuringExecution": [
            { "weight": 1, "podAffinityTerm": { "topologyKey": "kubernetes.io/hostname" } } ] } },
        "topologySpreadConstraints": [{ "maxSkew": 2, "topologyKey": "kubernetes.io/hostname", "whenUnsatisfiable": "ScheduleAnyway" }],
        "serviceAccountName": "account",
        "automountServiceAccountToken": false,
        "podSecurityContext": { "fsGroup": 1000, "sysctls": [{ "name": "net.ipv4.ip_unprivileged_port_start", "value": "0" }] },
        "securityContext": { "readOnlyRootFilesystem": false, "capabilities": { "add": ["NET_BIND_SERVICE"] } },
        "readinessProbe": { "tcpSocket": { "port": "metrics" }, "initialDelaySeconds": 0 },
        "livenessProbe": { "grpc": { "port": 9090 }, "periodSeconds": 30 },
        "startupProbe": { "exec": { "command": ["true"] } },
        "lifecycle": { "preStop": { "httpGet": { "port": 9090 } } },
        "terminationGracePeriodSeconds": 0,
        "minReadySeconds": 0,
        "podLabels": { "team": "data" },
        "podAnnotations": { "note": "" },
        "initContainers": [
            { "name": "before", "image": "busybox", "env": [{ "name": "POD", "valueFrom": { "fieldRef": { "fieldPath": "metadata.name" } } }] },
            { "name": "beside", "image": "busybox:1", "restartPolicy": "Always", "resources": { "limits": { "cpu": 1 } } },
        ],
        "sidecars": [{
            "name": "aside", "image": "busybox", "tty": false, "ports": [{ "containerPort": 1 }],
            "env": [{ "name": "CPU", "valueFrom": { "resourceFieldRef": { "resource": "limits.cpu" } } }],
            "resources": { "limits": { "cpu": "0.5" } },
        }],
        "dnsPolicy": "None",
        "dnsConfig": { "nameservers": ["10.0.0.1"], "options": [{ "name": "ndots", "value": "2" }] },
        "hostAliases": [{ "ip": "10.0.0.2", "hostnames": ["two"] }],
        "networkPolicy": { "enabled": true, "from": [{ "ipBlock": { "cidr": "10.0.0.0/8" } }] },
        "disruptionBudget": { "minAvailable": "50%" },
        "podOverrides": { "spec": {
            "hostNetwork": false,
            "containers": [{ "name": "over", "image": "busybox:latest" }],
            "volumes": [{ "name": "shared", "emptyDir": { "medium": "" } }],
        } },
    })
}

fn all() -> Value {
    with(
        small(),
        [
            ("/defaults", everything()),
            (
                "/query/autoscaling",
                json!({ "minReplicas": 2, "maxReplicas": 3, "behavior": { "scaleDown": { "stabilizationWindowSeconds": 60 } } }),
            ),
            ("/query/updateStrategy", json!({ "type": "Recreate" })),
            ("/query/ingress", json!({ "hosts": ["a.example.com"], "tlsSecret": "tls" })),
            (
                "/query/service",
                json!({
                    "type": "LoadBalancer", "sourceRanges": ["10.0.0.0/8"], "annotations": { "a": "b" },
                    "ports": [{ "name": "plain", "port": 80, "targetPort": "http" }],
                }),
            ),
            ("/stores/hot/service", json!({ "external": { "type": "NodePort" } })),
            ("/stores/hot/updateStrategy", json!({ "partition": 0 })),
            (
                "/stores/hot/storage",
                json!({ "data": { "labels": { "team": "data" }, "accessModes": ["ReadWriteOnce"] } }),
            ),
        ],
    )
}

/// The settled state writes nothing, not even for an operator that has just started.
async fn is_quiet(setup: &mut Setup, what: &str) {
    tokio::time::sleep(Duration::from_secs(2)).await;
    setup.stop().await;
    let before = setup.requests().await.len();
    setup.start::<Data>().await;
    tokio::time::sleep(Duration::from_secs(3)).await;
    let requests = setup.requests().await;
    let writes: Vec<_> = requests[before..].iter().filter(|request| request.verb != "list").collect();
    assert!(writes.is_empty(), "{what}: {writes:#?}");
}

async fn spec_of(setup: &Setup, kind: &str, name: &str, cluster: &str) -> Value {
    let object = setup.any(kind).get(name).await.unwrap();
    let text = object.data["spec"].to_string();
    serde_json::from_str(&text.replace(&format!("\"{cluster}\""), "\"x\"").replace(&format!("\"{cluster}-"), "\"x-"))
        .unwrap()
}

#[tokio::test]
async fn everything_is_accepted_quiet_and_taken_back() {
    let mut setup = Setup::without_operator("pods").await;
    let restricted = json!({ "metadata": { "labels": { "pod-security.kubernetes.io/enforce": "restricted" } } });
    let namespaces: Api<Namespace> = Api::all(setup.client.clone());
    namespaces.patch(&setup.namespace, &PatchParams::default(), &Patch::Merge(restricted)).await.unwrap();
    let account: Api<k8s_openapi::api::core::v1::ServiceAccount> = setup.api();
    let named = serde_json::from_value(json!({ "metadata": { "name": "account" } })).unwrap();
    account.create(&Default::default(), &named).await.unwrap();
    setup.start::<Data>().await;

    setup.ready("a", small()).await;
    assert_eq!(setup.names::<PodDisruptionBudget>().await, ["a-query", "a-store-hot"]);
    is_quiet(&mut setup, "little").await;
    setup.ready("a", all()).await;
    assert_eq!(setup.names::<HorizontalPodAutoscaler>().await, ["a-query"]);
    assert_eq!(setup.names::<Ingress>().await, ["a-query"]);
    assert_eq!(setup.names::<NetworkPolicy>().await, ["a-query", "a-store-hot"]);
    assert!(setup.children().await.contains(&"a-store-hot-external".to_owned()));
    is_quiet(&mut setup, "everything").await;

    // Members that exclude each other change places.
    let volumes = json!([{ "name": "shared", "configMap": { "name": "none", "optional": true } }]);
    let other = with(
        small(),
        [
            ("/defaults", json!({ "volumes": volumes, "readinessProbe": { "httpGet": { "port": 1 } } })),
            ("/stores/hot/updateStrategy", json!({ "type": "RollingUpdate", "partition": 0 })),
        ],
    );
    setup.ready("a", other).await;
    setup.ready("a", small()).await;
    setup.ready("b", small()).await;
    for (kind, name) in [("StatefulSet", "store-hot"), ("Deployment", "query"), ("Service", "query")] {
        let mut after = spec_of(&setup, kind, &format!("a-{name}"), "a").await;
        let mut fresh = spec_of(&setup, kind, &format!("b-{name}"), "b").await;
        for spec in [&mut after, &mut fresh] {
            let spec = spec.as_object_mut().unwrap();
            ["clusterIP", "clusterIPs"].iter().for_each(|key| drop(spec.remove(*key)));
        }
        assert_eq!(after, fresh, "{kind}\nafter: {after:#}\nfresh: {fresh:#}");
    }
    eventually("what was around the nodes to be gone", || async {
        let mut left = setup.names::<HorizontalPodAutoscaler>().await;
        left.extend(setup.names::<Ingress>().await);
        left.extend(setup.names::<NetworkPolicy>().await);
        left.extend(setup.children().await.into_iter().filter(|name| name.ends_with("external")));
        if left.is_empty() { Ok(()) } else { Err(format!("{left:?}")) }
    })
    .await;
    // No pod changes by this, so that nothing waits for pods to be deleted by hand.
    let by_hand = with(small(), [("/stores/hot/updateStrategy", json!({ "type": "OnDelete" }))]);
    setup.ready("a", by_hand).await;
    setup.ready("a", small()).await;
    is_quiet(&mut setup, "little again").await;
}
