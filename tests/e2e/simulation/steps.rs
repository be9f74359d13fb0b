//! What both sides are asked, in order.

use serde_json::{Value, json};

/// The namespace's name on the side of the model.
pub const NAMESPACE: &str = "simulation-model";

/// The body of a request.
pub enum Body {
    Json(Value),
    /// Made from the object at a path.
    Of(String, fn(Value) -> Value),
}

/// One request.
pub struct Step {
    pub name: String,
    pub method: String,
    pub content: &'static str,
    pub path: String,
    pub body: Body,
    /// Whether nobody else changes the object meanwhile: pods and claims are changed by nodes at any time.
    pub is_steady: bool,
    pub compares_causes: bool,
}

impl Step {
    fn new(name: &str, method: &str, content: &'static str, path: String, body: Value) -> Self {
        let (name, method, body) = (name.to_owned(), method.to_owned(), Body::Json(body));
        Self { name, method, content, path, body, is_steady: true, compares_causes: true }
    }

    pub fn get(path: &str) -> Self {
        Self::new("get", "GET", "", path.to_owned(), Value::Null)
    }

    fn unsteady(self) -> Self {
        Self { is_steady: false, ..self }
    }

    fn without_causes(self) -> Self {
        Self { compares_causes: false, ..self }
    }
}

fn at(plural: &str, name: &str) -> String {
    let api = match plural {
        "configmaps" | "secrets" | "services" | "serviceaccounts" | "pods" | "persistentvolumeclaims" => "/api/v1",
        "statefulsets" | "deployments" | "daemonsets" => "/apis/apps/v1",
        "jobs" => "/apis/batch/v1",
        "roles" | "rolebindings" => "/apis/rbac.authorization.k8s.io/v1",
        "ingresses" | "networkpolicies" => "/apis/networking.k8s.io/v1",
        "poddisruptionbudgets" => "/apis/policy/v1",
        "horizontalpodautoscalers" => "/apis/autoscaling/v2",
        _ => "/apis/simulation.test/v1",
    };
    let name = if name.is_empty() { String::new() } else { format!("/{name}") };
    format!("{api}/namespaces/{NAMESPACE}/{plural}{name}")
}

/// The body of an apply must name the object.
fn named(path: &str, mut body: Value) -> Value {
    let object = path.split('/').nth(if path.starts_with("/api/") { 6 } else { 7 }).unwrap();
    if body.is_object() {
        if body["metadata"].is_null() {
            body["metadata"] = json!({});
        }
        if body["metadata"]["name"].is_null() {
            body["metadata"]["name"] = object.into();
        }
    }
    body
}

fn apply(name: &str, path: &str, manager: &str, body: Value) -> Step {
    let body = named(path, body);
    Step::new(name, "PATCH", "application/apply-patch+yaml", format!("{path}?fieldManager={manager}"), body)
}

fn force(name: &str, path: &str, manager: &str, body: Value) -> Step {
    let body = named(path, body);
    Step::new(name, "PATCH", "application/apply-patch+yaml", format!("{path}?fieldManager={manager}&force=true"), body)
}

fn patch(name: &str, path: &str, manager: &str, body: Value) -> Step {
    Step::new(name, "PATCH", "application/merge-patch+json", format!("{path}?fieldManager={manager}"), body)
}

/// A merge patch made from the object as it is.
fn change(name: &str, path: &str, manager: &str, body: fn(Value) -> Value) -> Step {
    Step { body: Body::Of(path.to_owned(), body), ..patch(name, path, manager, Value::Null) }
}

fn post(name: &str, plural: &str, body: Value) -> Step {
    Step::new(name, "POST", "application/json", format!("{}?fieldManager=operator", at(plural, "")), body)
}

fn delete(name: &str, path: &str, options: Value) -> Step {
    Step::new(name, "DELETE", "application/json", path.to_owned(), options)
}

/// `object` with some values set by JSON pointer; `null` removes one.
fn with(mut object: Value, changes: &[(&str, Value)]) -> Value {
    for (pointer, value) in changes {
        let (parent, key) = pointer.rsplit_once('/').unwrap();
        let parent = object.pointer_mut(parent).unwrap_or_else(|| panic!("{pointer}"));
        match parent {
            Value::Object(map) if value.is_null() => {
                map.remove(key);
            }
            Value::Object(map) => {
                map.insert(key.to_owned(), value.clone());
            }
            parent => *parent.pointer_mut(&format!("/{key}")).unwrap() = value.clone(),
        }
    }
    object
}

fn config_map(data: Value) -> Value {
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

fn service() -> Value {
    json!({
        "apiVersion": "v1", "kind": "Service", "metadata": { "name": "query" },
        "spec": { "selector": { "app": "query" }, "ports": [{ "name": "http", "port": 80 }, { "name": "metrics", "port": 9090 }] },
    })
}

fn stateful_set() -> Value {
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

fn pod_spec() -> Value {
    json!({ "restartPolicy": "Never", "containers": [{ "name": "main", "image": "example.com/main:1" }] })
}

fn widget(spec: Value) -> Value {
    json!({ "apiVersion": "simulation.test/v1", "kind": "Widget", "metadata": { "name": "a" }, "spec": spec })
}

/// Everything up to the deletions.
pub fn before_deletions() -> Vec<Step> {
    [config_maps(), preconditions(), drift(), services(), refusals(), kinds(), posts(), custom(), owners()]
        .into_iter()
        .flatten()
        .collect()
}

fn config_maps() -> Vec<Step> {
    let path = &at("configmaps", "settings");
    let body = config_map(json!({ "a": "1", "b": "2" }));
    let nameless = body.clone();
    vec![
        Step { body: Body::Json(nameless), ..apply("an apply without a name", path, "operator", Value::Null) },
        apply("an apply creates", path, "operator", body.clone()),
        apply("an equal apply changes nothing", path, "operator", body.clone()),
        patch("a foreign label", path, "user", json!({ "metadata": { "labels": { "theirs": "1" } } })),
        patch("an equal value", path, "user", json!({ "data": { "a": "1" } })),
        patch("drift", path, "user", json!({ "data": { "a": "x" } })),
        apply("a conflict", path, "operator", body.clone()),
        patch("drift in two fields", path, "user", json!({ "data": { "b": "x" } })),
        apply("two conflicts", path, "operator", body.clone()),
        force("a forced takeover", path, "operator", body.clone()),
        force("a second forced apply changes nothing", path, "operator", body.clone()),
        patch("a removed field", path, "user", json!({ "data": { "b": null } })),
        apply("an apply adds a removed field without force", path, "operator", body.clone()),
        apply("an applier more", path, "other", config_map(json!({ "a": "1" }))),
        apply("a conflict with an applier", path, "other", config_map(json!({ "a": "2" }))),
        apply("a field given up that someone else has stays", path, "operator", config_map(json!({ "b": "2" }))),
        apply("a field given up that nobody has goes", path, "operator", config_map(json!({}))),
        apply("nothing more is applied", path, "operator", json!({ "apiVersion": "v1", "kind": "ConfigMap" })),
        apply(
            "an empty map",
            path,
            "operator",
            json!({ "apiVersion": "v1", "kind": "ConfigMap", "metadata": { "labels": {} } }),
        ),
        apply("empty data", path, "operator", config_map(json!({}))),
        apply("empty data again", path, "operator", config_map(json!({}))),
        patch("owners are forgotten", path, "user", json!({ "metadata": { "managedFields": [{}] } })),
        patch("a write while owners are unknown", path, "user", json!({ "data": { "a": "9" } })),
        apply("a conflict with who was before", path, "operator", body.clone()),
        force("the first apply after all was forgotten", path, "operator", body.clone()),
        patch("all labels go", path, "user", json!({ "metadata": { "labels": null } })),
        apply("without a manager", path, "", body.clone()),
        Step::new(
            "force without apply",
            "PATCH",
            "application/merge-patch+json",
            format!("{path}?force=true"),
            json!({}),
        ),
        patch("the name can't change", path, "user", json!({ "metadata": { "name": "other" } })),
        apply("a body of another kind", path, "operator", json!({ "apiVersion": "v1", "kind": "Secret" }))
            .without_causes(),
        apply(
            "a finalizer and an owner",
            path,
            "operator",
            with(
                body,
                &[
                    ("/metadata/finalizers", json!(["example.com/a"])),
                    (
                        "/metadata/ownerReferences",
                        json!([{ "apiVersion": "v1", "kind": "ConfigMap", "name": "x", "uid": "0-0" }]),
                    ),
                ],
            ),
        ),
        patch(
            "a finalizer more",
            path,
            "user",
            json!({ "metadata": { "finalizers": ["example.com/a", "example.com/b"] } }),
        ),
        patch("no finalizers", path, "user", json!({ "metadata": { "finalizers": null, "ownerReferences": null } })),
    ]
}

fn preconditions() -> Vec<Step> {
    let (path, missing) = (&at("configmaps", "guarded"), &at("configmaps", "missing"));
    let metadata = |field: &str, value: &str| {
        with(config_map(json!({ "a": "1" })), &[(&format!("/metadata/{field}"), value.into())])
    };
    vec![
        apply("an apply with version 1 creates", path, "operator", metadata("resourceVersion", "1")),
        apply("an apply with version 1 of what exists", path, "operator", metadata("resourceVersion", "1")),
        apply("an apply with a UID of what is missing", missing, "operator", metadata("uid", "0-0")),
        apply("an apply with another UID", path, "operator", metadata("uid", "0-0")),
        Step {
            body: Body::Of(path.clone(), |live| {
                with(
                    config_map(json!({ "a": "2" })),
                    &[
                        ("/metadata/name", "guarded".into()),
                        ("/metadata/uid", live["metadata"]["uid"].clone()),
                        ("/metadata/resourceVersion", live["metadata"]["resourceVersion"].clone()),
                    ],
                )
            }),
            ..apply("an apply with its UID and version", path, "operator", Value::Null)
        },
        patch("a stale patch", path, "user", json!({ "metadata": { "resourceVersion": "1" }, "data": { "a": "3" } })),
        patch("a patch with another UID", path, "user", json!({ "metadata": { "uid": "0-0" }, "data": { "a": "3" } })),
        patch("a patch of what is missing", missing, "user", json!({ "data": { "a": "3" } })),
        Step::new(
            "a dry run",
            "PATCH",
            "application/apply-patch+yaml",
            format!("{path}?fieldManager=operator&dryRun=All"),
            config_map(json!({ "a": "4" })),
        ),
        Step::get(missing),
        Step::get(&at("gadgets", "a")),
        Step::get(&at("configmaps", "")).unsteady(),
    ]
}

/// Every row of the table of what happens to a child, and whether its owner's entry shows it.
fn drift() -> Vec<Step> {
    let path = &at("deployments", "query");
    let (status, scale) = (&format!("{path}/status"), &format!("{path}/scale"));
    let body = deployment();
    let again = |name: &str| force(name, path, "operator", deployment());
    let free = &at("deployments", "free");
    let free_scale = &format!("{free}/scale");
    let unscaled = with(deployment(), &[("/metadata/name", "free".into()), ("/spec/replicas", Value::Null)]);
    let count =
        |replicas: u32| json!({ "apiVersion": "autoscaling/v1", "kind": "Scale", "spec": { "replicas": replicas } });
    vec![
        apply("a first apply", path, "operator", body.clone()),
        again("the same again"),
        patch("a controller writes the status", status, "controller", json!({ "status": { "observedGeneration": 1, "replicas": 2 } })),
        patch("foreign labels and annotations", path, "user", json!({ "metadata": { "labels": { "x": "1" }, "annotations": { "y": "1" } } })),
        apply("a foreign variable, applied", path, "other", json!({ "apiVersion": "apps/v1", "kind": "Deployment", "spec": { "template": { "spec": {
            "containers": [{ "name": "main", "env": [{ "name": "THEIRS", "value": "1" }] }] } } } })),
        change("a foreign variable, patched", path, "user", |live| {
            let mut spec = live["spec"]["template"]["spec"].clone();
            spec["containers"][0]["env"].as_array_mut().unwrap().push(json!({ "name": "MORE", "value": "1" }));
            json!({ "spec": { "template": { "spec": { "containers": spec["containers"] } } } })
        }),
        patch("a value that it has already", path, "user", json!({ "spec": { "replicas": 2 } })),
        change("a quantity written in another way", path, "user", |live| {
            let mut spec = live["spec"]["template"]["spec"].clone();
            spec["containers"][0]["resources"]["limits"]["memory"] = "1048576Ki".into();
            json!({ "spec": { "template": { "spec": { "containers": spec["containers"] } } } })
        }),
        patch("kubectl rollout restart", path, "kubectl-rollout", json!({ "spec": { "template": { "metadata": { "annotations": {
            "kubectl.kubernetes.io/restartedAt": "2026-01-01T00:00:00Z" } } } } })),
        again("after what is none of ours"),
        change("another image", path, "user", |live| {
            let mut containers = live["spec"]["template"]["spec"]["containers"].clone();
            containers[0]["image"] = "example.com/evil:1".into();
            json!({ "spec": { "template": { "spec": { "containers": containers } } } })
        }),
        again("after another image"),
        change("another variable", path, "user", |live| {
            let mut containers = live["spec"]["template"]["spec"]["containers"].clone();
            containers[0]["env"][0]["value"] = "x".into();
            json!({ "spec": { "template": { "spec": { "containers": containers } } } })
        }),
        again("after another variable"),
        change("a removed variable and port", path, "user", |live| {
            let mut containers = live["spec"]["template"]["spec"]["containers"].clone();
            containers[0]["env"].as_array_mut().unwrap().remove(0);
            containers[0].as_object_mut().unwrap().remove("ports");
            json!({ "spec": { "template": { "spec": { "containers": containers } } } })
        }),
        again("after a removed variable and port"),
        patch("another label", path, "user", json!({ "metadata": { "labels": { "tier": "cold" } } })),
        again("after another label"),
        patch("a removed label and annotation", path, "user", json!({ "metadata": { "labels": { "tier": null }, "annotations": null } })),
        again("after a removed label"),
        patch("kubectl scale", scale, "kubectl", json!({ "spec": { "replicas": 5 } })),
        apply("a conflict with kubectl scale", path, "operator", body.clone()),
        again("after kubectl scale"),
        patch("scaled to what it is", scale, "kubectl", json!({ "spec": { "replicas": 2 } })),
        Step::get(scale),
        force("an applied scale", scale, "autoscaler", json!({ "apiVersion": "autoscaling/v1", "kind": "Scale", "spec": { "replicas": 3 } })),
        apply("replicas given up", path, "operator", with(body.clone(), &[("/spec/replicas", Value::Null)])),
        apply("more given up", path, "operator", with(body.clone(), &[
            ("/spec/replicas", Value::Null),
            ("/spec/template/spec/tolerations", Value::Null),
            ("/spec/template/spec/nodeSelector", Value::Null),
            ("/spec/template/spec/containers/0/env", json!([{ "name": "POD", "value": "x" }, { "name": "A", "value": "2" }])),
            ("/spec/template/spec/containers/0/resources", Value::Null),
        ])).without_causes(),
        force("the order of a list", path, "operator", with(body.clone(), &[
            ("/spec/template/spec/containers/0/env", json!([{ "name": "SECRET", "value": "x" }, { "name": "NEW", "value": "1" }, { "name": "A", "value": "2" }])),
            ("/spec/template/spec/containers/0/resources", json!({ "limits": { "memory": "2Gi" } })),
        ])).without_causes(),
        force("a container given up", path, "operator", with(body.clone(), &[
            ("/spec/template/spec/containers", json!([body["spec"]["template"]["spec"]["containers"][0]])),
        ])),
        apply("without replicas", free, "operator", unscaled.clone()),
        apply("a scale that nobody owns, applied", free_scale, "autoscaler", count(4)),
        force("and by force", free_scale, "autoscaler", count(4)),
        apply("a conflict about the scale", free_scale, "kubectl", count(5)),
        apply("the scale is owned", free, "operator", unscaled.clone()),
        patch("and patched", free_scale, "kubectl", json!({ "spec": { "replicas": 7 } })),
        patch("a scale that nobody owns, patched", &at("deployments", "policed"), "user", json!({})),
        apply("a policy overwrites what is applied", &at("deployments", "policed"), "operator", policed()),
        apply("and once more", &at("deployments", "policed"), "operator", policed()),
        patch("drift under a policy", &at("deployments", "policed"), "user", json!({ "metadata": { "labels": { "tier": "x" } } })),
        force("mended under a policy", &at("deployments", "policed"), "operator", policed()),
    ]
}

/// A Deployment that a policy changes, and that isn't written as it is stored.
fn policed() -> Value {
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

fn services() -> Vec<Step> {
    let path = &at("services", "query");
    let again = |name: &str| force(name, path, "operator", service());
    vec![
        apply("a Service", path, "operator", service()),
        again("a Service again"),
        patch("another selector", path, "user", json!({ "spec": { "selector": { "app": "evil" } } })),
        apply("a conflict about the selector", path, "operator", service()),
        again("after another selector"),
        change("another target of a port", path, "user", |live| {
            let mut ports = live["spec"]["ports"].clone();
            ports[0]["targetPort"] = 8080.into();
            json!({ "spec": { "ports": ports } })
        }),
        again("after another target of a port"),
        change("another name of a port", path, "user", |live| {
            let mut ports = live["spec"]["ports"].clone();
            ports[0]["name"] = "web".into();
            json!({ "spec": { "ports": ports } })
        }),
        again("after another name of a port"),
        change("another number of a port", path, "user", |live| {
            let mut ports = live["spec"]["ports"].clone();
            ports[0]["port"] = 81.into();
            json!({ "spec": { "ports": ports } })
        }),
        again("the port's name is taken"),
        apply("another address", path, "operator", with(service(), &[("/spec/clusterIP", "None".into())])),
        patch("no address", path, "user", json!({ "spec": { "clusterIP": null } })),
        apply(
            "a headless Service",
            &at("services", "headless"),
            "operator",
            with(
                service(),
                &[
                    ("/spec/clusterIP", "None".into()),
                    ("/metadata/name", Value::Null),
                    ("/spec/publishNotReadyAddresses", true.into()),
                ],
            ),
        ),
        apply(
            "ports without names",
            &at("services", "nameless"),
            "operator",
            json!({ "apiVersion": "v1", "kind": "Service",
            "spec": { "selector": { "app": "a" }, "ports": [{ "port": 80 }, { "port": 81 }] } }),
        ),
        apply(
            "a port twice in one apply",
            &at("services", "twice"),
            "operator",
            json!({ "apiVersion": "v1", "kind": "Service",
            "spec": { "ports": [{ "name": "a", "port": 80 }, { "name": "b", "port": 80 }] } }),
        ),
    ]
}

fn refusals() -> Vec<Step> {
    let set = &at("statefulsets", "store");
    let immutable = &at("configmaps", "immutable");
    let binding = json!({
        "apiVersion": "rbac.authorization.k8s.io/v1", "kind": "RoleBinding", "metadata": { "name": "a" },
        "roleRef": { "apiGroup": "rbac.authorization.k8s.io", "kind": "Role", "name": "a" },
        "subjects": [{ "kind": "ServiceAccount", "name": "a" }],
    });
    let storage = "/spec/volumeClaimTemplates/0/spec/resources/requests/storage";
    vec![
        apply("a StatefulSet", set, "operator", stateful_set()),
        apply("a StatefulSet again", set, "operator", stateful_set()),
        apply("another service", set, "operator", with(stateful_set(), &[("/spec/serviceName", "x".into())])),
        apply("another size", set, "operator", with(stateful_set(), &[(storage, "2Gi".into())])),
        apply("another size in a dry run", set, "operator", with(stateful_set(), &[(storage, "2Gi".into())])),
        apply(
            "another size and number",
            set,
            "operator",
            with(stateful_set(), &[(storage, "2Gi".into()), ("/spec/replicas", 3.into())]),
        ),
        apply("only another number", set, "operator", with(stateful_set(), &[("/spec/minReadySeconds", 3.into())])),
        apply(
            "a selector that doesn't match",
            set,
            "operator",
            with(stateful_set(), &[("/spec/template/metadata/labels/app", "x".into())]),
        )
        .without_causes(),
        apply(
            "another selector",
            &at("deployments", "query"),
            "operator",
            with(
                deployment(),
                &[
                    ("/spec/selector/matchLabels/tier", "hot".into()),
                    ("/spec/template/metadata/labels/tier", "hot".into()),
                ],
            ),
        ),
        apply("a binding", &at("rolebindings", "a"), "operator", binding.clone()),
        apply("another role", &at("rolebindings", "a"), "operator", with(binding, &[("/roleRef/name", "b".into())])),
        post(
            "an immutable ConfigMap",
            "configmaps",
            json!({ "metadata": { "name": "immutable" }, "immutable": true, "data": { "a": "1" } }),
        ),
        patch("other data", immutable, "user", json!({ "data": { "a": "2" } })),
        patch("no longer immutable", immutable, "user", json!({ "immutable": false })),
        patch("only a label", immutable, "user", json!({ "metadata": { "labels": { "a": "b" } } })),
        apply(
            "a container twice",
            &at("deployments", "twice"),
            "operator",
            with(
                deployment(),
                &[("/metadata/name", Value::Null), ("/spec/template/spec/containers/1/name", "main".into())],
            ),
        ),
        post(
            "a container twice, posted",
            "deployments",
            with(
                deployment(),
                &[("/metadata/name", "twice".into()), ("/spec/template/spec/containers/1/name", "main".into())],
            ),
        ),
    ]
}

fn kinds() -> Vec<Step> {
    let rules = json!([{ "apiGroups": [""], "resources": ["pods"], "verbs": ["get"] }]);
    let role = json!({ "apiVersion": "rbac.authorization.k8s.io/v1", "kind": "Role", "rules": rules });
    let budget = json!({ "apiVersion": "policy/v1", "kind": "PodDisruptionBudget",
        "spec": { "maxUnavailable": 1, "selector": { "matchLabels": { "app": "a" } } } });
    let scaler = json!({ "apiVersion": "autoscaling/v2", "kind": "HorizontalPodAutoscaler", "spec": {
        "scaleTargetRef": { "apiVersion": "apps/v1", "kind": "Deployment", "name": "query" }, "minReplicas": 1, "maxReplicas": 3,
        "metrics": [{ "type": "Resource", "resource": { "name": "cpu", "target": { "type": "Utilization", "averageUtilization": 80 } } }] } });
    let network = json!({ "apiVersion": "networking.k8s.io/v1", "kind": "NetworkPolicy", "spec": {
        "podSelector": { "matchLabels": { "app": "a" } }, "policyTypes": ["Ingress"], "ingress": [{ "ports": [{ "port": 80, "protocol": "TCP" }] }] } });
    let ingress = json!({ "apiVersion": "networking.k8s.io/v1", "kind": "Ingress", "spec": { "rules": [{ "host": "a.example.com", "http": { "paths": [
        { "path": "/", "pathType": "Prefix", "backend": { "service": { "name": "query", "port": { "name": "http" } } } }] } }] } });
    let secret = json!({ "apiVersion": "v1", "kind": "Secret", "stringData": { "password": "secret" } });
    let account = json!({ "apiVersion": "v1", "kind": "ServiceAccount", "imagePullSecrets": [{ "name": "pull" }] });
    let daemons = json!({ "apiVersion": "apps/v1", "kind": "DaemonSet", "spec": { "selector": { "matchLabels": { "app": "d" } }, "template": {
        "metadata": { "labels": { "app": "d" } }, "spec": { "containers": [{ "name": "main", "image": "example.com/main:1" }] } } } });
    let mut steps = Vec::new();
    for (plural, body) in [
        ("roles", role),
        ("poddisruptionbudgets", budget),
        ("horizontalpodautoscalers", scaler),
        ("networkpolicies", network),
        ("ingresses", ingress),
        ("secrets", secret),
        ("serviceaccounts", account),
        ("daemonsets", daemons),
    ] {
        let path = at(plural, "a");
        steps.push(apply("an apply of a kind", &path, "operator", body.clone()));
        steps.push(apply("an equal apply of a kind", &path, "operator", body));
        steps.push(patch("a label on a kind", &path, "user", json!({ "metadata": { "labels": { "a": "b" } } })));
    }
    steps.push(patch("another type of a Secret", &at("secrets", "a"), "user", json!({ "type": "x" })));
    steps
}

fn posts() -> Vec<Step> {
    let job = json!({ "apiVersion": "batch/v1", "kind": "Job", "metadata": { "name": "a", "labels": { "app": "a" } },
        "spec": { "backoffLimit": 2, "template": { "spec": pod_spec() } } });
    let named = |object: Value, name: &str| with(object, &[("/metadata/name", name.into())]);
    vec![
        post("a posted ConfigMap", "configmaps", named(config_map(json!({ "a": "1" })), "posted")),
        post("a name that is taken", "configmaps", named(config_map(json!({ "a": "1" })), "posted")),
        post("no name", "configmaps", config_map(json!({}))),
        apply(
            "an apply to what was posted",
            &at("configmaps", "posted"),
            "operator",
            config_map(json!({ "a": "1", "b": "2" })),
        ),
        apply(
            "a conflict with one's own post",
            &at("configmaps", "posted"),
            "operator",
            config_map(json!({ "a": "2" })),
        ),
        post("a posted Deployment", "deployments", named(deployment(), "posted")),
        post("a posted StatefulSet", "statefulsets", named(stateful_set(), "posted")),
        post("a posted Service", "services", named(service(), "posted")),
        post("a posted Secret", "secrets", json!({ "metadata": { "name": "posted" }, "stringData": { "a": "b" } })),
        post("a posted Job", "jobs", job),
        Step::get(&at("jobs", "a")),
        patch(
            "another template of a Job",
            &at("jobs", "a"),
            "user",
            json!({ "spec": { "template": { "spec": { "terminationGracePeriodSeconds": 5 } } } }),
        ),
        post("a posted pod", "pods", json!({ "metadata": { "name": "a" }, "spec": pod_spec() })).unsteady(),
        post(
            "a posted claim",
            "persistentvolumeclaims",
            json!({ "metadata": { "name": "a" }, "spec": {
            "accessModes": ["ReadWriteOnce"], "resources": { "requests": { "storage": "1024Mi" } } } }),
        )
        .unsteady(),
        Step {
            body: Body::Of(at("configmaps", "posted"), |live| with(live, &[("/data/a", "7".into())])),
            ..Step::new(
                "a put",
                "PUT",
                "application/json",
                format!("{}?fieldManager=user", at("configmaps", "posted")),
                Value::Null,
            )
        },
    ]
}

fn custom() -> Vec<Step> {
    let path = &at("widgets", "a");
    let status = &format!("{path}/status");
    let spec = json!({ "image": "a", "nodes": { "hot": { "replicas": 1 }, "cold": {} } });
    let condition = |status: &str| json!({ "type": "Ready", "status": status });
    let report = |conditions: Value| json!({ "apiVersion": "simulation.test/v1", "kind": "Widget", "status": { "ready": 1, "conditions": conditions } });
    vec![
        apply("a custom resource", path, "user", widget(spec.clone())),
        apply("a custom resource again", path, "user", widget(spec.clone())),
        patch(
            "a custom resource is patched",
            path,
            "other",
            json!({ "spec": { "nodes": { "warm": { "replicas": 2 } } } }),
        ),
        patch("metadata alone", path, "other", json!({ "metadata": { "annotations": { "a": "b" } } })),
        apply("a node given up", path, "user", widget(json!({ "image": "a", "nodes": { "hot": { "replicas": 1 } } }))),
        force("a status is applied", status, "operator", report(json!([condition("False")]))),
        force("an equal status", status, "operator", report(json!([condition("False")]))),
        force(
            "another status",
            status,
            "operator",
            report(json!([condition("True"), { "type": "Failing", "status": "False" }])),
        ),
        patch("a status is patched", status, "other", json!({ "status": { "ready": 2 } })),
        patch("the spec by way of the status", status, "other", json!({ "spec": { "image": "x" } })),
        patch("the status by way of the object", path, "other", json!({ "status": { "ready": 9 } })),
        patch(
            "a custom resource is scaled",
            &format!("{path}/scale"),
            "autoscaler",
            json!({ "spec": { "replicas": 4 } }),
        ),
        apply("replicas of a custom resource", path, "user", widget(json!({ "replicas": 4 }))),
        patch("it is scaled again", &format!("{path}/scale"), "autoscaler", json!({ "spec": { "replicas": 6 } })),
        post("a posted custom resource", "widgets", with(widget(spec), &[("/metadata/name", "posted".into())])),
    ]
}

/// How owners are deleted: their names, the policy, and the child.
const DELETIONS: [(&str, &str, &str); 3] =
    [("orphaning", "Orphan", "kept"), ("foreground", "Foreground", "gone"), ("background", "Background", "lost")];

fn owners() -> Vec<Step> {
    let mut steps = Vec::new();
    for (owner, _, child) in DELETIONS {
        let path = at("statefulsets", owner);
        steps.push(apply("an owner", &path, "operator", with(stateful_set(), &[("/metadata/name", Value::Null)])));
        let own: fn(Value) -> Value = |owner| {
            let reference = json!({ "apiVersion": "apps/v1", "kind": "StatefulSet", "name": owner["metadata"]["name"],
                "uid": owner["metadata"]["uid"], "controller": true, "blockOwnerDeletion": true });
            let name = match owner["metadata"]["name"].as_str() {
                Some("orphaning") => "kept",
                Some("foreground") => "gone",
                _ => "lost",
            };
            with(
                config_map(json!({ "a": "1" })),
                &[("/metadata/name", name.into()), ("/metadata/ownerReferences", json!([reference]))],
            )
        };
        let body = Body::Of(path.clone(), own);
        steps.push(Step { body, ..apply("a child", &at("configmaps", child), "operator", Value::Null) });
    }
    steps
}

/// The object that is written last before the controllers are let go.
pub fn last_owner() -> String {
    at("statefulsets", "background")
}

/// Deletions of every sort.
pub fn deletions() -> Vec<Step> {
    let mut steps = vec![
        delete("another UID", &at("configmaps", "settings"), json!({ "preconditions": { "uid": "0-0" } })),
        delete(
            "another version",
            &at("configmaps", "settings"),
            json!({ "preconditions": { "resourceVersion": "1" } }),
        ),
        Step {
            body: Body::Of(
                at("configmaps", "settings"),
                |live| json!({ "preconditions": { "uid": live["metadata"]["uid"] } }),
            ),
            ..delete("its UID", &at("configmaps", "settings"), Value::Null)
        },
        delete("what is missing", &at("configmaps", "settings"), json!({})),
        delete("a dry run", &at("configmaps", "posted"), json!({ "dryRun": ["All"] })),
        delete("a Service", &at("services", "query"), json!({})),
        patch(
            "a finalizer",
            &at("configmaps", "posted"),
            "user",
            json!({ "metadata": { "finalizers": ["example.com/a"] } }),
        ),
        delete("with a finalizer", &at("configmaps", "posted"), json!({})),
        delete("with a finalizer, again", &at("configmaps", "posted"), json!({})),
        patch("a change while it is deleted", &at("configmaps", "posted"), "user", json!({ "data": { "z": "1" } })),
        patch("its finalizer goes", &at("configmaps", "posted"), "user", json!({ "metadata": { "finalizers": null } })),
    ];
    for (owner, policy, _) in DELETIONS {
        let path = at("statefulsets", owner);
        steps.push(delete(policy, &path, json!({ "propagationPolicy": policy })));
        steps.push(delete("once more", &path, json!({ "propagationPolicy": policy })));
    }
    let foreground = &at("statefulsets", "foreground");
    let body = with(stateful_set(), &[("/metadata/name", Value::Null), ("/spec/replicas", 1.into())]);
    steps.push(apply("a change of what is deleted in the foreground", foreground, "operator", body));
    steps
}

/// What the garbage collectors decide about.
pub fn garbage() -> Vec<String> {
    let mut paths: Vec<_> = ["kept", "gone", "lost"].iter().map(|child| at("configmaps", child)).collect();
    paths.extend(["orphaning", "foreground", "background"].iter().map(|owner| at("statefulsets", owner)));
    paths
}

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
