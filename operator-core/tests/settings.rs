//! Settings of nodes: how their layers are put together, where each comes from, and what is refused once they are merged.

use operator_core::{
    definition::{Definition, Groups, NodeTemplate, StorageTemplate, Workload},
    settings::{Layer, ResolvedNode, explain, resolve},
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

fn defaults() -> Value {
    json!({ "terminationGracePeriodSeconds": 60, "podLabels": { "tier": "operator" } })
}

fn nodes(spec: Value) -> Result<Vec<ResolvedNode>, Vec<String>> {
    resolve(&DEFINITION, &spec).map_err(|invalid| sentences(&invalid))
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
    assert_eq!(node.spec_value["runtime"], json!({ "a": 1, "b": 2 }));
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
        (json!({ "ports": [{ "name": "http", "number": 81 }] }), "there is a port `http` already; use another name"),
        (json!({ "ports": [{ "name": "web", "number": 80 }] }), "`web` has the number 80, which is that of `http`"),
        (json!({ "sidecars": [{ "name": "store" }] }), "stores.hot.sidecars: `store` is the node's own container"),
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
        (
            "agent",
            json!({ "replicas": 2 }),
            "replicas: this node is a DaemonSet; the setting is for StatefulSets and Deployments",
        ),
        ("agent", json!({ "autoscaling": { "maxReplicas": 2 } }), "autoscaling: this node is a DaemonSet"),
        ("setup", json!({ "autoscaling": { "maxReplicas": 2 } }), "autoscaling: this node is a Job"),
        ("setup", json!({ "disruptionBudget": { "maxUnavailable": 1 } }), "disruptionBudget: this node is a Job"),
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
fn what_nodes_share_is_refused_once_and_where_it_stands() {
    let wrong = |layer: Value, node: Value| {
        let spec = json!({
            "image": "i", "defaults": layer, "groups": { "big": { "podLabels": { "-": "y" } } },
            "query": node, "agent": {}, "stores": { "hot": {}, "cold": {} },
        });
        nodes(spec).unwrap_err()
    };
    let labels = json!({ "podLabels": { "-": "x" } });
    let no_label = |place: &str, value: &str| {
        format!("spec.{place}.podLabels: `-: {value}` is no label: letters, digits, `-`, `_` and `.`, at most 63")
    };
    assert_eq!(wrong(labels.clone(), json!({})), [no_label("defaults", "x")]);
    assert_eq!(wrong(json!({}), json!({ "configGroup": "big" })), [no_label("groups.big", "y")]);
    assert_eq!(wrong(json!({}), labels), [no_label("query", "x")]);
    let stuck = json!({ "updateStrategy": { "type": "OnDelete", "maxUnavailable": 1 } });
    let idle = "spec.defaults.updateStrategy.maxUnavailable: goes with `type: RollingUpdate` only; drop one";
    assert_eq!(wrong(stuck, json!({})), [idle]);
    // What only some of them can't have names the node.
    let clash = json!({ "ports": [{ "name": "http", "number": 9 }] });
    let why = "there is a port `http` already; use another name";
    assert_eq!(
        wrong(clash, json!({})),
        [format!("spec.stores.cold.ports: {why}"), format!("spec.stores.hot.ports: {why}")]
    );
}

#[test]
fn what_cannot_be_read_is_refused_once_and_where_it_stands() {
    for (spec, why) in [
        (
            json!({ "defaults": { "minReadySeconds": "x" }, "query": {}, "agent": {} }),
            "spec.defaults.minReadySeconds: invalid type: string \"x\", expected i32",
        ),
        (json!({ "query": { "storage": { "data": { "size": {} } } } }), "spec.query.storage.data.size: "),
        (json!({ "query": { "autoscaling": {} } }), "spec.query.autoscaling: missing field `maxReplicas`"),
        (
            json!({ "stores": { "hot": { "env": [{ "name": "A" }, { "value": "x" }] } } }),
            "spec.stores.hot.env[1]: missing field `name`",
        ),
    ] {
        let mut given = json!({ "image": "i" });
        given.as_object_mut().unwrap().extend(spec.as_object().unwrap().clone());
        let errors = nodes(given).unwrap_err();
        assert!(errors.len() == 1 && errors[0].starts_with(why), "{errors:?} don't say: {why}");
    }
}

#[test]
fn what_is_right_alone_can_be_wrong_together() {
    let limit = json!({ "resources": { "limits": { "cpu": 1 } } });
    let request = json!({ "resources": { "requests": { "cpu": 2 } } });
    let errors = nodes(json!({ "image": "i", "defaults": limit, "query": request })).unwrap_err();
    assert!(errors.len() == 1 && errors[0].contains("after merging all layers"), "{errors:?}");
    // A node can choose the other of the two.
    let budget = |field: &str| json!({ "disruptionBudget": { field: 1 } });
    let spec = json!({ "image": "i", "defaults": budget("maxUnavailable"), "query": budget("minAvailable") });
    let node = nodes(spec).unwrap().remove(0);
    assert_eq!(json!(node.spec.settings.disruption_budget), json!({ "minAvailable": 1 }));
}
