//! Refusals, kinds by kind, creation by POST, custom resources.

use serde_json::{Value, json};

use super::{
    Body, Step, apply, at, force,
    objects::{config_map, deployment, pod_spec, service, stateful_set, widget},
    patch, post, with,
};

/// All of them, in order.
pub(super) fn all() -> Vec<Step> {
    [refusals(), kinds(), posts(), custom()].into_iter().flatten().collect()
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
    let (path, emptied) = (&at("widgets", "a"), &at("widgets", "emptied"));
    let status = &format!("{path}/status");
    let named = |spec: Value| with(widget(spec), &[("/metadata/name", "emptied".into())]);
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
        apply("a node with a number", emptied, "user", named(json!({ "nodes": { "hot": { "replicas": 1 } } }))),
        apply("nothing left in a node", emptied, "user", named(json!({ "nodes": { "hot": {} } }))),
        apply("no node left", emptied, "user", named(json!({ "nodes": {} }))),
        apply("an image alone", emptied, "user", named(json!({ "image": "a" }))),
        apply(
            "a label",
            emptied,
            "user",
            with(named(json!({ "image": "a" })), &[("/metadata/labels", json!({ "a": "b" }))]),
        ),
        apply(
            "no label left",
            emptied,
            "user",
            with(named(json!({ "image": "a" })), &[("/metadata/labels", json!({}))]),
        ),
        apply("nothing left in a spec", emptied, "user", named(json!({}))),
        post("a posted custom resource", "widgets", with(widget(spec), &[("/metadata/name", "posted".into())])),
    ]
}
