//! Settings of nodes: how their layers are put together, where each comes from, and what is refused once they are merged.

use operator_core::{
    NodeDefaults,
    definition::{Definition, Groups, NodeTemplate, StorageTemplate, Workload},
    node::{Effective, Layer, effective, explain},
};
use serde_json::{Value, json};

use crate::common::{DATA, HTTP, of, optional, sentences, storage, stores};

static DEFINITION: Definition = Definition {
    config_groups: Some(Groups { field: "groups", by: "configGroup" }),
    app_config_groups: Some(Groups { field: "appGroups", by: "appConfigGroup" }),
    node_types: &[
        stores(NodeTemplate {
            image: Some("operator:1"),
            ports: &[HTTP],
            command: &["run"],
            args: &["store"],
            env: &[("A", "operator"), ("B", "operator"), ("C", "operator"), ("D", "operator")],
            storage: &[StorageTemplate { class: Some("slow"), ..storage("1Gi") }],
            defaults: Some(defaults),
            ..NodeTemplate::EMPTY
        }),
        optional("query", of(Workload::Deployment)),
        optional("agent", of(Workload::DaemonSet)),
        optional("setup", of(Workload::Job)),
    ],
    ..DATA
};

fn defaults() -> NodeDefaults {
    serde_json::from_value(json!({ "terminationGracePeriodSeconds": 60, "podLabels": { "tier": "operator" } })).unwrap()
}

fn nodes(spec: Value) -> Result<Vec<Effective>, Vec<String>> {
    effective(&DEFINITION, &spec).map_err(|invalid| sentences(&invalid))
}

fn layered() -> Value {
    json!({
        "image": "cluster:1",
        "defaults": {
            "env": [{ "name": "B", "value": "defaults" }, { "name": "C", "value": "defaults" }],
            "podLabels": { "team": "defaults" },
            "topologySpreadConstraints": [],
            "readinessProbe": { "tcpSocket": { "port": "http" }, "periodSeconds": 5 },
            "podOverrides": { "spec": { "containers": [{ "name": "store", "tty": true, "stdin": true }] } },
        },
        "groups": { "big": {
            "resources": { "limits": { "cpu": "2" } },
            "env": [{ "name": "C", "value": "group" }],
            "readinessProbe": { "httpGet": { "port": "http" } },
            "tolerations": [{ "key": "dedicated", "operator": "Exists" }],
        } },
        "appGroups": { "tuned": { "runtime": { "a": 1, "b": 1 } } },
        "stores": { "hot": {
            "replicas": 2, "configGroup": "big", "appConfigGroup": "tuned", "runtime": { "b": 2 },
            "env": [{ "name": "D", "valueFrom": { "secretKeyRef": { "name": "s", "key": "k" } } }],
            "args": ["--more"],
            "storage": { "data": { "size": "2Gi" } },
            "podOverrides": { "spec": { "containers": [{ "name": "store", "tty": null }] } },
        } },
    })
}

#[test]
fn layers_are_put_together_from_the_attributes_to_the_node() {
    let node = nodes(layered()).unwrap().remove(0);
    let settings = &node.spec.settings;
    let env: Vec<String> =
        settings.env.iter().map(|it| format!("{}={}", it.name, it.value.clone().unwrap_or_default())).collect();
    assert_eq!(env, ["A=operator", "B=defaults", "C=group", "D="]);
    assert_eq!(settings.image.as_deref(), Some("cluster:1"));
    assert_eq!(json!(settings.readiness_probe), json!({ "httpGet": { "port": "http" } }));
    assert_eq!(json!(settings.pod_labels), json!({ "team": "defaults", "tier": "operator" }));
    assert_eq!((node.command, node.args), (vec!["run".to_owned()], vec!["store".to_owned(), "--more".to_owned()]));
    assert_eq!(node.own["runtime"], json!({ "a": 1, "b": 2 }));
    assert_eq!(json!(node.claims[0].size), "2Gi");
    assert_eq!(node.claims[0].class.as_deref(), Some("slow"));
}

#[test]
fn each_setting_says_which_layer_it_comes_from() {
    let explained = explain(&DEFINITION, &layered(), "store-hot").unwrap();
    let rows: Vec<String> =
        explained.iter().map(|field| format!("{} = {} ({})", field.path, field.value, field.layer)).collect();
    assert_eq!(
        rows,
        [
            r#"args = ["--more"] (node)"#,
            r#"configGroup = "big" (node)"#,
            r#"env[A] = "operator" (operator's attributes)"#,
            r#"env[B] = "defaults" (defaults)"#,
            r#"env[C] = "group" (config group big)"#,
            r#"env[D] = {"secretKeyRef":{"key":"k","name":"s"}} (node)"#,
            r#"image = "cluster:1" (cluster image)"#,
            r#"podLabels.team = "defaults" (defaults)"#,
            r#"podLabels.tier = "operator" (operator's attributes)"#,
            r#"podOverrides.spec.containers[store].stdin = true (defaults)"#,
            r#"podOverrides.spec.containers[store].tty = null (node)"#,
            r#"readinessProbe.httpGet.port = "http" (config group big)"#,
            r#"replicas = 2 (node)"#,
            r#"resources.limits.cpu = "2" (config group big)"#,
            r#"storage.data.size = "2Gi" (node)"#,
            r#"storage.data.storageClass = "slow" (operator's attributes)"#,
            r#"terminationGracePeriodSeconds = 60 (operator's attributes)"#,
            r#"tolerations[dedicated/Exists/*] = {} (config group big)"#,
            r#"topologySpreadConstraints = [] (defaults)"#,
        ]
    );
    assert_eq!(json!(explained[4].layer), json!({ "configGroup": "big" }));
    assert_eq!(json!(Layer::Node), "node");
}

#[test]
fn a_layer_that_repeats_a_value_has_the_last_word_on_it() {
    let spec = json!({ "image": "i", "defaults": { "image": "i" }, "query": { "image": null } });
    let explained = explain(&DEFINITION, &spec, "query").unwrap();
    assert_eq!(explained[0].layer, Layer::Defaults);
}

#[test]
fn a_node_that_is_not_there_cannot_be_explained() {
    let spec = json!({ "stores": { "hot": {}, "cold": {} }, "query": {} });
    let why = explain(&DEFINITION, &spec, "store").unwrap_err().to_string();
    assert_eq!(why, "there is no node `store`; there are: store-cold, store-hot, query");
    let spec = json!({ "stores": { "hot": { "configGroup": "big" } } });
    let why = explain(&DEFINITION, &spec, "store-hot").unwrap_err().to_string();
    assert_eq!(why, "spec.stores.hot.configGroup: there is no group `big` in spec.groups; it is empty");
}

#[test]
fn settings_that_no_node_can_have_are_refused() {
    for (settings, why) in [
        (json!({ "image": "" }), "stores.hot.image: no image"),
        (json!({ "replicas": -1 }), "stores.hot.replicas: must be 0 or more"),
        (
            json!({ "resources": { "requests": { "cpu": 2 }, "limits": { "cpu": "1500m" } } }),
            "request 2 is above the limit 1500m",
        ),
        (json!({ "env": [{ "name": "a b" }] }), "`a b` can't be the name of an environment variable"),
        (json!({ "ports": [{ "name": "http", "number": 81 }] }), "`http` is a port of the operator's"),
        (json!({ "ports": [{ "name": "web", "number": 80 }] }), "`web` has the number of the port `http`, 80"),
        (
            json!({ "livenessProbe": { "httpGet": { "port": "web" } } }),
            "stores.hot.livenessProbe: the node has no port `web`; it has: http",
        ),
        (
            json!({ "startupProbe": { "tcpSocket": { "port": "web" } } }),
            "stores.hot.startupProbe: the node has no port `web`",
        ),
        (
            json!({ "volumeMounts": [{ "name": "v", "mountPath": "/v" }] }),
            "`/v` mounts the volume `v`, which isn't there: add it to volumes; there are: data",
        ),
        (
            json!({ "sidecars": [{ "name": "store" }] }),
            "stores.hot.sidecars: there are two containers `store`, of which one is the node's own",
        ),
        (json!({ "sidecars": [{ "name": "a" }], "initContainers": [{ "name": "a" }] }), "there are two containers `a`"),
        (json!({ "podLabels": { "tests.example.com/node": "x" } }), "is the operator's own"),
        (json!({ "podAnnotations": { "-": "x" } }), "`-` can't be an annotation's key"),
        (json!({ "nodeSelector": { "a": "b c" } }), "`a: b c` is no label"),
        (json!({ "tolerations": [{ "effect": "NoSchedule" }] }), "needs `operator: Exists`"),
        (json!({ "autoscaling": { "minReplicas": 3, "maxReplicas": 2 } }), "minReplicas, 3, is above maxReplicas, 2"),
        (
            json!({ "disruptionBudget": { "maxUnavailable": 1, "minAvailable": 1 } }),
            "both maxUnavailable and minAvailable",
        ),
        (json!({ "storage": { "logs": {} } }), "this node type has no such storage; it has: data"),
        (json!({ "configGroup": "big" }), "there is no group `big`"),
    ] {
        let errors = nodes(json!({ "image": "i", "stores": { "hot": settings } })).unwrap_err();
        assert!(errors.len() == 1 && errors[0].contains(why), "{errors:?} don't say: {why}");
    }
}

#[test]
fn settings_that_a_workload_does_not_have_are_refused_where_the_node_gives_them() {
    for (node, settings, why) in [
        (
            "query",
            json!({ "podManagementPolicy": "Parallel" }),
            "podManagementPolicy: this node is a Deployment; the setting is for StatefulSets",
        ),
        ("query", json!({ "storageRetention": {} }), "storageRetention: this node type has no storage"),
        ("agent", json!({ "replicas": 2 }), "replicas: the number of pods of a DaemonSet isn't set"),
        ("agent", json!({ "autoscaling": { "maxReplicas": 2 } }), "autoscaling: a DaemonSet can't be scaled"),
        ("setup", json!({ "autoscaling": { "maxReplicas": 2 } }), "autoscaling: a Job can't be scaled"),
        ("setup", json!({ "minReadySeconds": 2 }), "minReadySeconds: this node is a Job"),
        ("setup", json!({ "updateStrategy": {} }), "updateStrategy: this node is a Job"),
    ] {
        let errors = nodes(json!({ "image": "i", node: settings })).unwrap_err();
        assert!(
            errors.len() == 1 && errors[0].starts_with(&format!("spec.{node}.{why}")),
            "{errors:?} don't say: {why}"
        );
    }
    // What is for all nodes says nothing to those that don't have it.
    let shared = json!({ "podManagementPolicy": "OrderedReady", "minReadySeconds": 3, "updateStrategy": { "type": "RollingUpdate" } });
    nodes(json!({ "image": "i", "defaults": shared, "query": {}, "setup": {}, "stores": { "hot": {} } })).unwrap();
}

#[test]
fn what_is_right_alone_can_be_wrong_together() {
    let budget = |field: &str| json!({ "disruptionBudget": { field: 1 } });
    let spec = json!({ "image": "i", "defaults": budget("maxUnavailable"), "query": budget("minAvailable") });
    assert!(nodes(spec).unwrap_err()[0].contains("after merging all layers"));
    let mount = json!({ "volumeMounts": [{ "name": "v", "mountPath": "/v" }] });
    let volume = json!({ "volumes": [{ "name": "v", "emptyDir": {} }] });
    assert!(nodes(json!({ "image": "i", "query": mount })).is_err());
    nodes(json!({ "image": "i", "defaults": volume, "query": mount })).unwrap();
    let patched = json!({ "podOverrides": { "spec": volume } });
    nodes(json!({ "image": "i", "defaults": patched, "query": mount })).unwrap();
}
