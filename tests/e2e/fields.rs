//! Every field of `NodeSpec` in a running cluster, in a namespace that enforces the `restricted` Pod Security Standard: set, changed and unset,
//! after which the children are as a render from scratch has them, and nothing is left behind.

use std::collections::{BTreeMap, BTreeSet};

use k8s_openapi::api::{core::v1::ServiceAccount, node::v1::RuntimeClass};
use kube::{
    Api,
    api::{ApiResource, DynamicObject, Patch, PatchParams, PostParams},
    core::GroupVersionKind,
};
use operator_core::{
    Cluster,
    model::{
        Kind,
        kind::{CLAIM, REVISION},
    },
    render::names,
    settings::FIELDS,
};
use proptest::{prelude::*, strategy::ValueTree, test_runner::TestRunner};
use serde_json::{Value, json};
use tokio::sync::RwLockReadGuard;

use crate::{
    kinds::Data,
    setup::{OPTIONAL_KINDS, Setup, eventually, install},
};

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
            json!({ "requests": { "cpu": "0.5" } }),
        ),
        field(
            "env",
            Both,
            json!([{ "name": "A", "value": "1" }]),
            json!([{ "name": "A", "valueFrom": { "fieldRef": { "fieldPath": "metadata.name" } } }]),
        ),
        field(
            "envFrom",
            Both,
            json!([{ "configMapRef": { "name": "there" } }]),
            json!([{ "prefix": "X_", "secretRef": { "name": "not-there", "optional": true } }]),
        ),
        field("args", Both, json!(["--fast"]), json!(["--slow", "${cluster.name}"])),
        field(
            "ports",
            Both,
            json!([{ "name": "extra", "number": 9999 }]),
            json!([{ "name": "extra", "number": 9998, "protocol": "UDP" }]),
        ),
        field(
            "volumes",
            Both,
            json!([{ "name": "cache", "emptyDir": { "sizeLimit": "1024Mi" } }]),
            json!([{ "name": "cache", "projected": { "sources": [{ "serviceAccountToken": { "path": "token" } }, { "downwardAPI": { "items": [
                { "path": "name", "fieldRef": { "fieldPath": "metadata.name" } } ] } }] } }]),
        ),
        field(
            "volumeMounts",
            Both,
            json!([{ "name": "scratch", "mountPath": "/scratch", "readOnly": false }]),
            json!([{ "name": "scratch", "mountPath": "/scratch", "subPath": "x" }]),
        ),
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
        field(
            "schedulingGates",
            Both,
            json!([{ "name": "example.com/quota" }]),
            json!([{ "name": "example.com/other" }]),
        ),
        field("priorityClassName", Both, json!("system-node-critical"), json!("system-cluster-critical")),
        field("schedulerName", Both, json!("other"), json!("another")),
        field("runtimeClassName", Both, json!("sandbox"), json!("other")),
        field("serviceAccountName", Both, json!("default"), json!("other")),
        field("automountServiceAccountToken", Both, json!(true), json!(false)),
        field(
            "podSecurityContext",
            Both,
            json!({ "fsGroup": 2000 }),
            json!({ "runAsUser": 1001, "supplementalGroups": [5, 4] }),
        ),
        field("securityContext", Both, json!({ "readOnlyRootFilesystem": true }), json!({ "runAsUser": 1002 })),
        field("readinessProbe", Both, probe("/a"), json!({ "tcpSocket": { "port": 8083 }, "timeoutSeconds": 2 })),
        field("livenessProbe", Both, probe("/a"), json!({ "exec": { "command": ["true"] }, "initialDelaySeconds": 0 })),
        field("startupProbe", Both, probe("/a"), json!({ "grpc": { "port": 9 } })),
        field(
            "lifecycle",
            Both,
            json!({ "preStop": { "exec": { "command": ["sleep", "1"] } } }),
            json!({ "preStop": { "sleep": { "seconds": 2 } } }),
        ),
        field("terminationGracePeriodSeconds", Both, json!(60), json!(5)),
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
        field("enableServiceLinks", Both, json!(false), json!(true)),
        field(
            "dnsConfig",
            Both,
            json!({ "searches": ["a.example.com"] }),
            json!({ "options": [{ "name": "ndots", "value": "2" }] }),
        ),
        field(
            "hostAliases",
            Both,
            json!([{ "ip": "10.0.0.1", "hostnames": ["a"] }]),
            json!([{ "ip": "10.0.0.1", "hostnames": ["b", "c"] }]),
        ),
        field("updateStrategy", Store, json!({ "type": "OnDelete" }), json!({ "partition": 1 })),
        field(
            "updateStrategy",
            Query,
            json!({ "type": "Recreate" }),
            json!({ "maxSurge": "50%", "maxUnavailable": 0 }),
        ),
        field("podManagementPolicy", Store, json!("OrderedReady"), json!("Parallel")),
        field(
            "configOverrides",
            Store,
            json!({ "store.yaml": { "a": 1 } }),
            json!({ "common.properties": { "a": "${node.name}" } }),
        ),
        field(
            "service",
            Query,
            json!({ "type": "LoadBalancer", "annotations": { "a": "b" }, "sourceRanges": ["10.0.0.0/8"] }),
            json!({ "type": "NodePort", "ports": [{ "name": "admin", "port": 80, "targetPort": "http" }], "external": { "type": "NodePort" } }),
        ),
        field("service", Store, json!({ "external": {} }), json!({ "external": { "annotations": { "a": "b" } } })),
        field(
            "disruptionBudget",
            Both,
            json!({ "enabled": true, "maxUnavailable": "50%" }),
            json!({ "enabled": true, "minAvailable": 1 }),
        ),
        field(
            "networkPolicy",
            Both,
            json!({ "enabled": true }),
            json!({ "enabled": true, "from": [{ "podSelector": { "matchLabels": { "a": "b" } } }] }),
        ),
        field(
            "verticalAutoscaling",
            Both,
            json!({}),
            json!({ "updateMode": "Initial", "minAllowed": { "cpu": "100m" } }),
        ),
        field("serviceMonitor", Both, json!({}), json!({ "interval": "30s", "labels": { "a": "b" } })),
        field(
            "podOverrides",
            Both,
            json!({ "spec": { "enableServiceLinks": false, "setHostnameAsFQDN": false } }),
            json!({ "metadata": { "labels": { "mine": "1" } }, "spec": { "hostNetwork": false, "shareProcessNamespace": true } }),
        ),
    ]
}

/// What every cluster here has beside the field that is tried.
fn base() -> Value {
    let scratch = json!([{ "name": "scratch", "emptyDir": {} }]);
    json!({
        "image": "example.com/data:1",
        "common": { "a": 1 },
        "defaults": { "volumes": scratch },
        "configGroups": {
            "one": { "podLabels": { "group": "one" } },
            "two": { "podLabels": { "group": "two" }, "terminationGracePeriodSeconds": 7 },
        },
        "stores": { "hot": { "settings": { "tier": "hot" } } },
        "query": { "replicas": 1 },
    })
}

/// `spec` with a field of its nodes set.
fn with_field(mut spec: Value, on: On, name: &str, value: &Value) -> Value {
    for (node, wanted) in [("/stores/hot", on != On::Query), ("/query", on != On::Store)] {
        if let (true, Some(node)) = (wanted, spec.pointer_mut(node).and_then(Value::as_object_mut)) {
            node.insert(name.to_owned(), value.clone());
        }
    }
    spec
}

/// Without what isn't the operator's to say.
fn ours(mut object: Value) -> Value {
    let top = object.as_object_mut().unwrap();
    top.remove("status");
    let metadata = top.get_mut("metadata").and_then(Value::as_object_mut).unwrap();
    for key in ["uid", "resourceVersion", "generation", "creationTimestamp", "managedFields"] {
        metadata.remove(key);
    }
    if let Some(annotations) = metadata.get_mut("annotations").and_then(Value::as_object_mut) {
        annotations.remove("deployment.kubernetes.io/revision");
        annotations.remove(&names::intent(Data::DEFINITION.group));
    }
    if metadata.get("annotations") == Some(&json!({})) {
        metadata.remove("annotations");
    }
    object
}

/// Applies a spec and waits until nothing is left to do for it. Returns every object of the cluster, without what the API server and other
/// controllers put into it.
async fn settle(setup: &Setup, spec: &Value) -> BTreeMap<String, Value> {
    setup.apply("a", spec.clone()).await.unwrap_or_else(|error| panic!("{error}\n{spec:#}"));
    let snapshot = setup.at_rest::<Data>("a").await;
    let mut objects = BTreeMap::new();
    for child in snapshot.children.iter().filter(|child| child.kind != &CLAIM && child.kind != &REVISION) {
        let api = Api::<DynamicObject>::namespaced_with(setup.client.clone(), &setup.namespace, &resource(&child.kind));
        let object = api.get(&child.name).await.unwrap();
        objects.insert(format!("{} {}", child.kind.kind, child.name), ours(serde_json::to_value(object).unwrap()));
    }
    objects
}

fn resource(kind: &Kind) -> ApiResource {
    let gvk = GroupVersionKind::gvk(&kind.group, &kind.version, &kind.kind);
    ApiResource::from_gvk_with_plural(&gvk, &kind.plural)
}

/// Makes what the fields name. The optional kinds are there as long as what is returned is held.
async fn furnish(setup: &Setup) -> RwLockReadGuard<'static, ()> {
    let installed = OPTIONAL_KINDS.read().await;
    let route = optional_kind("HTTPRoute", "gateway.networking.k8s.io", "httproutes");
    let monitor = optional_kind("ServiceMonitor", "monitoring.coreos.com", "servicemonitors");
    let vertical = optional_kind("VerticalPodAutoscaler", "autoscaling.k8s.io", "verticalpodautoscalers");
    for kind in [route, monitor, vertical] {
        install(&setup.client, kind).await;
    }
    let there =
        json!({ "apiVersion": "v1", "kind": "ConfigMap", "metadata": { "name": "there" }, "data": { "A": "1" } });
    setup.create("ConfigMap", there).await;
    let account = ServiceAccount {
        metadata: kube::core::ObjectMeta { name: Some("other".to_owned()), ..Default::default() },
        ..Default::default()
    };
    setup.api::<ServiceAccount>().create(&PostParams::default(), &account).await.unwrap();
    for name in ["sandbox", "other"] {
        let class = json!({ "apiVersion": "node.k8s.io/v1", "kind": "RuntimeClass", "metadata": { "name": name }, "handler": name });
        let classes: Api<RuntimeClass> = Api::all(setup.client.clone());
        classes.patch(name, &PatchParams::apply("tests"), &Patch::Apply(class)).await.unwrap();
    }
    installed
}

/// A stand-in for a CRD of someone else's.
fn optional_kind(
    kind: &str,
    group: &str,
    plural: &str,
) -> k8s_openapi::apiextensions_apiserver::pkg::apis::apiextensions::v1::CustomResourceDefinition {
    serde_json::from_value(json!({
        "metadata": { "name": format!("{plural}.{group}"), "annotations": { "api-approved.kubernetes.io": "unapproved, for tests" } },
        "spec": {
            "group": group,
            "scope": "Namespaced",
            "names": { "kind": kind, "plural": plural, "singular": kind.to_lowercase() },
            "versions": [{ "name": "v1", "served": true, "storage": true, "schema": { "openAPIV3Schema": {
                "type": "object", "x-kubernetes-preserve-unknown-fields": true } } }],
        },
    }))
    .unwrap()
}

#[test]
fn every_field_is_tried() {
    let tried: BTreeSet<&str> = fields().iter().map(|field| field.name).collect();
    assert_eq!(tried, FIELDS.iter().copied().collect());
}

#[tokio::test]
async fn every_field_can_be_set_changed_and_unset() {
    let setup = Setup::new("fields").await;
    let _installed = furnish(&setup).await;
    let before = settle(&setup, &base()).await;
    let mut wrong = Vec::new();
    for field in fields() {
        let set = settle(&setup, &with_field(base(), field.on, field.name, &field.set)).await;
        let changed = settle(&setup, &with_field(base(), field.on, field.name, &field.change)).await;
        let after = settle(&setup, &base()).await;
        if set == before && changed == before {
            wrong.push(format!("{}: makes no difference", field.name));
        }
        if set == changed {
            wrong.push(format!("{}: changes nothing", field.name));
        }
        if after != before {
            let differ = |name: &&String| after.get(*name) != before.get(*name);
            let names: BTreeSet<&String> = after.keys().chain(before.keys()).filter(differ).collect();
            let show = |object: Option<&Value>| object.map_or("nothing".to_owned(), Value::to_string);
            let shown: Vec<String> = names
                .iter()
                .map(|name| {
                    format!("{name}\n  before {}\n  after  {}", show(before.get(*name)), show(after.get(*name)))
                })
                .collect();
            wrong.push(format!("{}: something is left behind: {}", field.name, shown.join("\n")));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

/// All fields at once, as far as the pods can run then.
fn all(spec: Value, value: impl Fn(&Field) -> Value) -> Value {
    let apart = ["schedulingGates", "schedulerName", "autoscaling", "replicas"];
    fields()
        .iter()
        .filter(|field| !apart.contains(&field.name))
        .fold(spec, |spec, field| with_field(spec, field.on, field.name, &value(field)))
}

/// A spec for each value of each field, and two with nearly all of them.
pub fn specs() -> Vec<Value> {
    let each = fields()
        .into_iter()
        .flat_map(|field| [&field.set, &field.change].map(|value| with_field(base(), field.on, field.name, value)));
    let most = [all(base(), |field| field.set.clone()), all(base(), |field| field.change.clone())];
    each.chain(most).collect()
}

#[tokio::test]
async fn the_pods_of_all_fields_run_where_restricted_is_enforced() {
    let setup = Setup::new("all").await;
    let _installed = furnish(&setup).await;
    setup.enforce_restricted().await;
    let before = settle(&setup, &base()).await;
    setup.ready("a", base()).await;
    for value in [|field: &Field| field.set.clone(), |field: &Field| field.change.clone()] {
        let spec = all(base(), value);
        settle(&setup, &spec).await;
        setup.ready("a", spec).await;
    }
    settle(&setup, &base()).await;
    setup.ready("a", base()).await;
    // What pods of earlier templates read is gone with them.
    assert_eq!(settle(&setup, &base()).await, before);
}

/// A random choice of fields and their values.
fn spec() -> impl Strategy<Value = Value> {
    let count = fields().len();
    (prop::collection::vec(prop::option::weighted(0.3, any::<bool>()), count), 0..4i32).prop_map(
        |(choices, replicas)| {
            let spec = fields().iter().zip(choices).fold(base(), |spec, (field, choice)| match choice {
                Some(true) => with_field(spec, field.on, field.name, &field.set),
                Some(false) => with_field(spec, field.on, field.name, &field.change),
                None => spec,
            });
            with_field(spec, On::Store, "replicas", &replicas.into())
        },
    )
}

#[tokio::test]
async fn random_specs_are_at_rest_after_a_restart_without_a_write() {
    let mut setup = Setup::new("random").await;
    let _installed = furnish(&setup).await;
    let mut runner = TestRunner::default();
    for number in 0..40 {
        // No pods: they would only be in the way of 40 clusters.
        let spec = with_field(spec().new_tree(&mut runner).unwrap().current(), On::Both, "replicas", &json!(0));
        let name = format!("r{number}");
        setup.apply(&name, spec.clone()).await.unwrap_or_else(|error| panic!("{error}\n{spec:#}"));
    }
    for number in 0..40 {
        setup.at_rest::<Data>(&format!("r{number}")).await;
    }
    setup.stop().await;
    let before = setup.requests().await.len();
    setup.start::<Data>().await;
    tokio::time::sleep(std::time::Duration::from_secs(3)).await;
    let requests: Vec<_> = setup.requests().await.split_off(before);
    let writes: Vec<_> = requests.iter().filter(|request| request.verb != "list").collect();
    assert!(writes.is_empty(), "{writes:#?}");
}

#[tokio::test]
async fn a_workload_that_is_made_anew_comes_back_though_another_is_refused() {
    let setup = Setup::new("anew").await;
    setup.ready("a", base()).await;
    let pods = setup.pods().await;
    let refused = json!({ "spec": { "activeDeadlineSeconds": 0 } });
    let spec = with_field(base(), On::Store, "podManagementPolicy", &json!("OrderedReady"));
    setup.apply("a", with_field(spec, On::Query, "podOverrides", &refused)).await.unwrap();
    let message = setup.reason("a", "Refused").await;
    assert!(message.contains("activeDeadlineSeconds"), "{message}");
    eventually("the StatefulSet to be there again", || async {
        let set = setup.any("StatefulSet").get_opt("a-store-hot").await.unwrap();
        let policy = set.map(|set| set.data["spec"]["podManagementPolicy"].clone());
        if policy == Some(json!("OrderedReady")) { Ok(()) } else { Err(format!("{policy:?}")) }
    })
    .await;
    assert_eq!(setup.pods().await, pods);
}

#[tokio::test]
async fn a_workload_is_not_given_up_for_one_that_is_refused() {
    let setup = Setup::new("refused").await;
    setup.ready("a", base()).await;
    let uid = async || setup.any("StatefulSet").get("a-store-hot").await.unwrap().metadata.uid;
    let before = uid().await;
    let refused = json!({ "spec": { "activeDeadlineSeconds": 0 } });
    let spec = with_field(base(), On::Store, "podManagementPolicy", &json!("OrderedReady"));
    setup.apply("a", with_field(spec, On::Store, "podOverrides", &refused)).await.unwrap();
    let message = setup.reason("a", "Refused").await;
    assert!(message.contains("activeDeadlineSeconds"), "{message}");
    assert_eq!(uid().await, before);
    setup.ready("a", base()).await;
}
