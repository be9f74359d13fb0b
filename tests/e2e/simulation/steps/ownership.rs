//! Apply, conflicts, drift: who owns which field.

use serde_json::{Value, json};

use super::{
    Body, Step, apply, at, change, force,
    objects::{config_map, deployment, policed, service},
    patch, with,
};

/// All of them, in order.
pub(super) fn all() -> Vec<Step> {
    [config_maps(), preconditions(), drift(), services()].into_iter().flatten().collect()
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
