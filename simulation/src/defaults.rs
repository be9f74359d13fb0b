//! What the API server adds to and changes in an object before it is stored. Nobody owns what is added to an applied object.
//!
//! Source: `pkg/apis/*/v1/defaults.go` and `pkg/registry/*/strategy.go` of Kubernetes 1.36; only what an operator meets.

use serde_json::{Value, json};

use crate::{
    json::{default, items, items_mut, put, text},
    kind::Kind,
    quantity,
};

/// Decodes an object as the API server does: nulls and empty lists are dropped, quantities get their canonical form, defaults are added.
pub fn complete(object: &mut Value, kind: &Kind) {
    without_nulls(object, kind.is_built_in());
    put(object, "/kind", kind.kind.as_str());
    put(object, "/apiVersion", kind.api_version());
    for list in ["labels", "annotations", "finalizers", "ownerReferences"] {
        let pointer = format!("/metadata/{list}");
        if object.pointer(&pointer).is_some_and(|value| value == &json!({}) || value == &json!([])) {
            put(object, &pointer, Value::Null);
        }
    }
    if !kind.is_built_in() {
        return;
    }
    match kind.kind.as_str() {
        "Secret" => secret(object),
        "Service" => service(object),
        "PersistentVolumeClaim" => claim(object),
        "Pod" => {
            default(object, "/spec/enableServiceLinks", true);
            pod(object, "/spec");
        }
        "Deployment" => {
            defaults(
                object,
                "/spec",
                &json!({ "replicas": 1, "revisionHistoryLimit": 10, "progressDeadlineSeconds": 600 }),
            );
            default(object, "/spec/strategy/type", "RollingUpdate");
            rolling(object, "/spec/strategy", &json!({ "maxSurge": "25%", "maxUnavailable": "25%" }));
        }
        "ReplicaSet" => default(object, "/spec/replicas", 1),
        "DaemonSet" => {
            default(object, "/spec/revisionHistoryLimit", 10);
            default(object, "/spec/updateStrategy/type", "RollingUpdate");
            rolling(object, "/spec/updateStrategy", &json!({ "maxSurge": 0, "maxUnavailable": 1 }));
        }
        "StatefulSet" => stateful_set(object),
        "Job" => {
            let spec = json!({ "backoffLimit": 6, "completionMode": "NonIndexed", "completions": 1, "parallelism": 1,
                "podReplacementPolicy": "TerminatingOrFailed", "suspend": false, "manualSelector": false });
            defaults(object, "/spec", &spec);
        }
        "HorizontalPodAutoscaler" => default(object, "/spec/minReplicas", 1),
        "RoleBinding" => {
            default(object, "/roleRef/apiGroup", "rbac.authorization.k8s.io");
            for subject in items_mut(object, "/subjects").filter(|subject| text(subject, "/kind") != "ServiceAccount") {
                default(subject, "/apiGroup", "rbac.authorization.k8s.io");
            }
        }
        _ => {}
    }
    if object.pointer("/spec/template").is_some() {
        pod(object, "/spec/template/spec");
    }
}

/// Maps that Go leaves out where they are empty.
const LEFT_OUT: [&str; 8] =
    ["labels", "annotations", "data", "binaryData", "limits", "requests", "nodeSelector", "matchLabels"];

fn without_nulls(value: &mut Value, and_empty: bool) {
    let is_empty = |key: &str, value: &Value| match value {
        Value::Array(items) => items.is_empty(),
        Value::Object(map) => map.is_empty() && LEFT_OUT.contains(&key),
        _ => false,
    };
    match value {
        Value::Object(map) => {
            map.retain(|key, value| !(value.is_null() || and_empty && is_empty(key, value)));
            map.values_mut().for_each(|value| without_nulls(value, and_empty));
        }
        Value::Array(items) => items.iter_mut().for_each(|value| without_nulls(value, and_empty)),
        _ => {}
    }
}

fn defaults(object: &mut Value, pointer: &str, values: &Value) {
    for (key, value) in values.as_object().into_iter().flatten() {
        default(object, &format!("{pointer}/{key}"), value.clone());
    }
}

fn rolling(object: &mut Value, pointer: &str, values: &Value) {
    if text(object, &format!("{pointer}/type")) == "RollingUpdate" {
        defaults(object, &format!("{pointer}/rollingUpdate"), values);
    }
}

fn secret(object: &mut Value) {
    default(object, "/type", "Opaque");
    let texts = object.get("stringData").cloned().unwrap_or_default();
    for (key, value) in texts.as_object().into_iter().flatten() {
        let encoded = base64(value.as_str().unwrap_or_default().as_bytes());
        crate::json::map(object, "/data").insert(key.clone(), encoded.into());
    }
    put(object, "/stringData", Value::Null);
}

fn service(object: &mut Value) {
    defaults(object, "/spec", &json!({ "type": "ClusterIP", "sessionAffinity": "None" }));
    if text(object, "/spec/type") != "ExternalName" {
        default(object, "/spec/internalTrafficPolicy", "Cluster");
    }
    for port in items_mut(object, "/spec/ports") {
        default(port, "/protocol", "TCP");
        let number = port.get("port").cloned().unwrap_or_default();
        default(port, "/targetPort", number);
    }
}

fn claim(object: &mut Value) {
    default(object, "/spec/volumeMode", "Filesystem");
    default(object, "/status/phase", "Pending");
    quantities(object, "/spec/resources");
}

fn stateful_set(object: &mut Value) {
    let spec = json!({ "podManagementPolicy": "OrderedReady", "replicas": 1, "revisionHistoryLimit": 10 });
    defaults(object, "/spec", &spec);
    default(object, "/spec/updateStrategy/type", "RollingUpdate");
    rolling(object, "/spec/updateStrategy", &json!({ "partition": 0 }));
    let retention = json!({ "whenDeleted": "Retain", "whenScaled": "Retain" });
    defaults(object, "/spec/persistentVolumeClaimRetentionPolicy", &retention);
    for template in items_mut(object, "/spec/volumeClaimTemplates") {
        defaults(template, "", &json!({ "apiVersion": "v1", "kind": "PersistentVolumeClaim" }));
        claim(template);
    }
}

fn pod(object: &mut Value, spec: &str) {
    let values = json!({ "restartPolicy": "Always", "dnsPolicy": "ClusterFirst", "schedulerName": "default-scheduler",
        "securityContext": {}, "terminationGracePeriodSeconds": 30 });
    defaults(object, spec, &values);
    let account = object.pointer(&format!("{spec}/serviceAccountName")).cloned().unwrap_or_default();
    put(object, &format!("{spec}/serviceAccount"), account);
    for containers in ["initContainers", "containers"] {
        items_mut(object, &format!("{spec}/{containers}")).for_each(container);
    }
    for volume in items_mut(object, &format!("{spec}/volumes")) {
        for source in ["configMap", "secret", "projected", "downwardAPI"] {
            if volume.get(source).is_some() {
                default(volume, &format!("/{source}/defaultMode"), 420);
            }
        }
        if volume.as_object().is_some_and(|volume| volume.len() == 1) {
            put(volume, "/emptyDir", json!({}));
        }
    }
}

fn container(container: &mut Value) {
    let image = text(container, "/image");
    let tag = image.rsplit('/').next().and_then(|name| name.split_once([':', '@'])).map(|(_, tag)| tag);
    let policy = if tag.is_none_or(|tag| tag == "latest") { "Always" } else { "IfNotPresent" };
    let values = json!({ "imagePullPolicy": policy, "terminationMessagePath": "/dev/termination-log",
        "terminationMessagePolicy": "File", "resources": {} });
    defaults(container, "", &values);
    for port in items_mut(container, "/ports") {
        default(port, "/protocol", "TCP");
    }
    for variable in items_mut(container, "/env") {
        if variable.pointer("/valueFrom/fieldRef").is_some() {
            default(variable, "/valueFrom/fieldRef/apiVersion", "v1");
        }
        // Go leaves out what is empty.
        if variable.get("value").is_some_and(|value| value == "") {
            put(variable, "/value", Value::Null);
        }
    }
    for probe in ["/livenessProbe", "/readinessProbe", "/startupProbe"] {
        if container.pointer(probe).is_some() {
            let values =
                json!({ "timeoutSeconds": 1, "periodSeconds": 10, "successThreshold": 1, "failureThreshold": 3 });
            defaults(container, probe, &values);
        }
    }
    for handler in ["/livenessProbe", "/readinessProbe", "/startupProbe", "/lifecycle/preStop", "/lifecycle/postStart"]
    {
        if container.pointer(&format!("{handler}/httpGet")).is_some() {
            defaults(container, &format!("{handler}/httpGet"), &json!({ "path": "/", "scheme": "HTTP" }));
        }
    }
    quantities(container, "/resources");
}

fn quantities(object: &mut Value, resources: &str) {
    for kind in ["limits", "requests"] {
        let map = object.pointer_mut(&format!("{resources}/{kind}")).and_then(Value::as_object_mut);
        for (_, value) in map.into_iter().flatten() {
            let text = value.as_str().map_or_else(|| value.to_string(), str::to_owned);
            *value = quantity::canonical(&text).into();
        }
    }
}

/// What is set when an object is created, after its owners are noted.
pub fn prepare(object: &mut Value, kind: &Kind, number: u64) {
    match kind.id().as_str() {
        "services" => prepare_service(object, number),
        "persistentvolumeclaims" => put(object, "/metadata/finalizers", json!(["kubernetes.io/pvc-protection"])),
        "pods" => put(object, "/status", json!({ "phase": "Pending", "qosClass": "BestEffort" })),
        "jobs.batch" => {
            let uid = text(object, "/metadata/uid").to_owned();
            let name = text(object, "/metadata/name").to_owned();
            let (controller, job) = ("batch.kubernetes.io/controller-uid", "batch.kubernetes.io/job-name");
            put(object, "/spec/selector", json!({ "matchLabels": { controller: uid } }));
            let labels = crate::json::map(object, "/spec/template/metadata/labels");
            for (key, value) in [(controller, &uid), ("controller-uid", &uid), (job, &name), ("job-name", &name)] {
                labels.insert(key.to_owned(), value.as_str().into());
            }
        }
        _ => {}
    }
}

fn prepare_service(object: &mut Value, number: u64) {
    if text(object, "/spec/type") == "ExternalName" {
        return;
    }
    let address = format!("10.0.{}.{}", number / 256 % 256, number % 256);
    default(object, "/spec/clusterIP", address);
    let address = object.pointer("/spec/clusterIP").cloned().unwrap_or_default();
    default(object, "/spec/clusterIPs", json!([address]));
    defaults(object, "/spec", &json!({ "ipFamilies": ["IPv4"], "ipFamilyPolicy": "SingleStack" }));
    default(object, "/status/loadBalancer", json!({}));
}

/// What an update leaves out, and the API server keeps. Source: `patchAllocatedValues` and `normalizeClusterIPs` of the Service's registry.
pub fn carry_over(object: &mut Value, live: &Value, kind: &Kind) {
    if kind.id() == "services" {
        for field in ["clusterIP", "ipFamilies", "ipFamilyPolicy"] {
            let pointer = format!("/spec/{field}");
            default(object, &pointer, live.pointer(&pointer).cloned().unwrap_or_default());
        }
        let address = object.pointer("/spec/clusterIP").cloned().unwrap_or_default();
        if object.pointer("/spec/clusterIP") != live.pointer("/spec/clusterIP")
            || items(object, "/spec/clusterIPs").is_empty()
        {
            put(object, "/spec/clusterIPs", json!([address]));
        }
    }
}

fn base64(bytes: &[u8]) -> String {
    const ALPHABET: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    let mut out = String::new();
    for chunk in bytes.chunks(3) {
        let word = (0..3).fold(0_usize, |word, at| word << 8 | usize::from(chunk.get(at).copied().unwrap_or(0)));
        for (at, shift) in [18, 12, 6, 0].into_iter().enumerate() {
            let letter = ALPHABET.get(word >> shift & 63).copied().unwrap_or(b'=');
            out.push(if at <= chunk.len() { char::from(letter) } else { '=' });
        }
    }
    out
}
