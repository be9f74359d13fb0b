//! Properties of the pure way of the data: hashes, names, plans.

use std::{
    collections::{BTreeMap, HashSet},
    sync::{Arc, OnceLock},
};

use operator_core::{
    definition::{ConfigFile, Definition, Format, Groups, NodeTemplate, NodeType, Port, Reload, Workload},
    model::Digest,
    plan::Plan,
    render::{Blueprint, names, render},
    settings::FIELDS,
};
use proptest::{prelude::*, strategy::ValueTree, test_runner::TestRunner};
use serde_json::{Map, Value, json};

use crate::common::{DATA, HTTP, World, cluster, of, optional, references, storage, stores};

static DEFINITION: Definition = Definition {
    config_groups: Some(Groups { field: "groups", by: "configGroup" }),
    configs: &[file("common", "common.properties", "/etc/common")],
    node_types: &[
        stores(NodeTemplate {
            ports: &[HTTP],
            storage: &[storage("1Gi")],
            configs: &[file("settings", "store.properties", "/etc/store")],
            ..NodeTemplate::EMPTY
        }),
        NodeType {
            order: 2,
            layers: [
                NodeTemplate::EMPTY,
                of(Workload::Deployment),
                NodeTemplate { ports: &[Port { number: 81, ..HTTP }], ..NodeTemplate::EMPTY },
            ],
            ..optional("query", NodeTemplate::EMPTY)
        },
    ],
    ..DATA
};

const fn file(field: &'static str, file: &'static str, mount: &'static str) -> ConfigFile {
    ConfigFile {
        readers: &[],
        field: Some(field),
        file,
        mount,
        format: Format::Properties,
        with: None,
        reload: Reload::Pods,
    }
}

fn blueprint(name: &str, spec: &Value) -> Blueprint {
    render(&cluster(name), spec, &DEFINITION).unwrap()
}

/// The configuration hashes of all nodes.
fn config_hashes(blueprint: &Blueprint) -> Vec<String> {
    let hashes = blueprint.objects.iter().filter_map(|object| object.hash.as_ref());
    hashes.map(|hash| hash.value(&references())).collect()
}

fn targets(plan: &Plan) -> Vec<String> {
    let actions = plan.actions.iter();
    actions.map(|action| format!("{:?} {} {}", action.verb(), action.target().0.kind, action.target().1)).collect()
}

fn settings() -> impl Strategy<Value = BTreeMap<String, String>> {
    prop::collection::btree_map("[a-z.]{1,8}", ".{0,12}", 0..4)
}

type Fields = Vec<(&'static str, Value)>;

/// Fields that nodes can share, whatever their workload, with values that are valid together.
fn shared() -> Fields {
    vec![
        ("image", json!("data:latest")),
        ("imagePullPolicy", json!("Never")),
        ("imagePullSecrets", json!([{ "name": "pull" }])),
        ("resources", json!({ "requests": { "cpu": "1000m" }, "limits": { "memory": "0.5Gi" } })),
        (
            "env",
            json!([{ "name": "A", "value": "" }, { "name": "B", "valueFrom": { "fieldRef": { "fieldPath": "metadata.name" } } }]),
        ),
        ("envFrom", json!([{ "secretRef": { "name": "s" } }])),
        ("args", json!(["x"])),
        ("ports", json!([{ "name": "more", "number": 9090 }, { "name": "udp", "number": 9090, "protocol": "UDP" }])),
        (
            "volumes",
            json!([{ "name": "v", "emptyDir": { "sizeLimit": 1024 } }, { "name": "w", "configMap": { "name": "theirs" } }]),
        ),
        ("volumeMounts", json!([{ "name": "v", "mountPath": "/v", "readOnly": false }])),
        ("nodeSelector", json!({ "a": "b" })),
        ("tolerations", json!([{ "key": "a", "value": "" }])),
        ("affinity", json!({ "nodeAffinity": {} })),
        ("topologySpreadConstraints", json!([])),
        ("schedulingGates", json!([{ "name": "g" }])),
        ("priorityClassName", json!("p")),
        ("schedulerName", json!("s")),
        ("enableServiceLinks", json!(false)),
        ("runtimeClassName", json!("r")),
        ("serviceAccountName", json!("s")),
        ("automountServiceAccountToken", json!(true)),
        ("podSecurityContext", json!({ "runAsUser": 0, "seccompProfile": { "type": "Unconfined" } })),
        ("securityContext", json!({ "privileged": true })),
        ("readinessProbe", json!({})),
        ("livenessProbe", json!({ "httpGet": { "port": "http" } })),
        ("startupProbe", json!({ "grpc": { "port": 80 }, "periodSeconds": 0 })),
        ("lifecycle", json!({ "preStop": { "httpGet": { "port": 80 } } })),
        ("terminationGracePeriodSeconds", json!(0)),
        ("minReadySeconds", json!(0)),
        ("podLabels", json!({ "l": "" })),
        ("podAnnotations", json!({ "a": "" })),
        (
            "initContainers",
            json!([{ "name": "i", "restartPolicy": "Always", "resources": { "limits": { "cpu": 1 } } }]),
        ),
        ("sidecars", json!([{ "name": "s", "image": "s", "tty": false, "env": null }])),
        ("dnsPolicy", json!("Default")),
        ("dnsConfig", json!({ "searches": ["a"] })),
        ("hostAliases", json!([{ "ip": "10.0.0.1", "hostnames": ["h"] }])),
        ("updateStrategy", json!({ "maxUnavailable": "50%" })),
        ("service", json!({ "annotations": {}, "ports": [{ "name": "x", "port": 1 }], "external": {} })),
        ("disruptionBudget", json!({ "enabled": true, "minAvailable": 1 })),
        ("networkPolicy", json!({ "enabled": true, "from": [] })),
        ("verticalAutoscaling", json!({ "minAllowed": { "cpu": "100m" } })),
        ("serviceMonitor", json!({})),
        ("configOverrides", json!({ "common.properties": { "a": "1", "b": null } })),
        (
            "podOverrides",
            json!({ "metadata": { "labels": { "o": "1" } }, "spec": { "hostNetwork": false, "containers": [{ "name": "o" }] } }),
        ),
    ]
}

/// Fields of a node of its own.
fn own() -> Fields {
    vec![
        ("configGroup", json!("big")),
        ("ingress", json!({ "hosts": ["a", "b"] })),
        ("httpRoute", json!({ "gateways": [{ "name": "g" }] })),
        ("replicas", json!(3)),
        ("autoscaling", json!({ "minReplicas": 2, "maxReplicas": 4, "behavior": {} })),
    ]
}

/// Fields of a node with storage.
fn stored_fields() -> Fields {
    vec![
        ("podManagementPolicy", json!("OrderedReady")),
        ("storage", json!({ "data": { "size": "1024Mi", "accessModes": ["ReadWriteMany"], "labels": { "l": "1" } } })),
        ("storageRetention", json!({ "whenScaled": "Delete" })),
    ]
}

/// Some of these fields, and what goes with them.
fn some(all: Fields) -> impl Strategy<Value = Map<String, Value>> {
    let some = 0..=all.len();
    prop::sample::subsequence(all, some).prop_map(|fields| {
        let has = |name: &str| fields.iter().any(|(field, _)| *field == name);
        let with =
            |here: bool, field: &'static str| shared().into_iter().filter(move |(name, _)| here && *name == field);
        let volumes = with(has("volumeMounts"), "volumes");
        let requests = with(has("autoscaling"), "resources");
        let fields = fields.iter().cloned().chain(volumes).chain(requests);
        fields.map(|(field, value)| (field.to_owned(), value)).collect()
    })
}

fn spec() -> impl Strategy<Value = Value> {
    let image = prop::option::of("[a-z]{1,5}:[0-9]");
    let store = (some([shared(), own(), stored_fields()].concat()), settings(), image);
    let stores = prop::collection::btree_map("[a-z0-9]([a-z0-9-]{0,10}[a-z0-9])?", store, 0..4);
    let query = prop::option::of(some([shared(), own()].concat()));
    let layers = (settings(), "[a-z]{1,5}", some(shared()), some(shared()));
    (layers, stores, query).prop_map(|((common, image, defaults, group), stores, query)| {
        let stores: Map<String, Value> = stores
            .into_iter()
            .map(|(key, (mut node, settings, image))| {
                node.insert("settings".to_owned(), json!(settings));
                node.extend(image.map(|image| ("image".to_owned(), json!(image))));
                (key, node.into())
            })
            .collect();
        let groups = json!({ "big": group });
        json!({ "image": image, "common": common, "stores": stores, "query": query, "defaults": defaults, "groups": groups })
    })
}

#[test]
fn the_random_nodes_have_every_field_at_times() {
    let mut runner = TestRunner::deterministic();
    let specs: Vec<Value> = (0..50).map(|_| spec().new_tree(&mut runner).unwrap().current()).collect();
    let nodes = specs.iter().flat_map(|spec| spec["stores"].as_object().unwrap().values());
    let seen: HashSet<&String> = nodes.flat_map(|node| node.as_object().unwrap().keys()).collect();
    let missing: Vec<&&str> = FIELDS.iter().filter(|field| !seen.iter().any(|seen| seen == *field)).collect();
    assert!(missing.is_empty(), "{missing:?}");
}

fn is_name(name: &str) -> bool {
    !name.is_empty()
        && name.len() <= 253
        && name.split('.').all(|part| {
            !part.is_empty()
                && !part.starts_with('-')
                && !part.ends_with('-')
                && part.chars().all(|c| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '-')
        })
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 48, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn a_hash_does_not_depend_on_the_order_of_maps(map in settings()) {
        let forwards: Map<String, Value> = map.clone().into_iter().map(|(key, value)| (key, value.into())).collect();
        let backwards: Map<String, Value> = map.into_iter().rev().map(|(key, value)| (key, value.into())).collect();
        prop_assert_eq!(Digest::of(&Value::Object(forwards)), Digest::of(&Value::Object(backwards)));
    }

    #[test]
    fn a_hash_changes_with_every_byte_of_configuration(value in "[ -~]{1,20}", at in any::<prop::sample::Index>(), byte in b' '..=b'~') {
        let spec = |value: &str| json!({ "image": "i", "stores": { "hot": { "settings": { "key": value } } } });
        let mut other = value.clone().into_bytes();
        let at = at.index(other.len());
        prop_assume!(other[at] != byte);
        other[at] = byte;
        let (before, after) = (blueprint("a", &spec(&value)), blueprint("a", &spec(&String::from_utf8(other).unwrap())));
        prop_assert_ne!(config_hashes(&before), config_hashes(&after));
        prop_assert_ne!(&before.objects[0].name, &after.objects[0].name);
    }

    #[test]
    fn a_blueprint_that_was_kept_is_what_it_was(spec in spec()) {
        let sent = |blueprint: &Blueprint| {
            let objects = blueprint.objects.iter();
            objects.map(|object| (object.name.clone(), object.intent, object.json.clone())).collect::<Vec<_>>()
        };
        // All but the first are kept as what is different from it.
        static ALIKE: OnceLock<Arc<[u8]>> = OnceLock::new();
        let fresh = blueprint("a", &spec);
        prop_assert_eq!(sent(&fresh.clone().pack(&ALIKE).unpack().unwrap()), sent(&fresh));
    }

    #[test]
    fn a_hash_covers_configuration_and_nothing_else(spec in spec(), replicas in 0..9i32) {
        let mut other = spec.clone();
        other["image"] = "another".into();
        for store in other["stores"].as_object_mut().unwrap().values_mut() {
            store["replicas"] = replicas.into();
        }
        prop_assert_eq!(config_hashes(&blueprint("a", &spec)), config_hashes(&blueprint("a", &other)));
    }

    #[test]
    fn names_are_valid_and_distinct(name in "[a-z]([a-z0-9-]{0,61}[a-z0-9])?", spec in spec()) {
        let blueprint = blueprint(&name, &spec);
        let mut seen = HashSet::new();
        for object in &blueprint.objects {
            prop_assert!(is_name(&object.name), "{}", object.name);
            prop_assert!(object.kind.kind == "ConfigMap" || object.name.len() <= names::LONGEST, "{}", object.name);
            prop_assert!(seen.insert((&object.kind, &object.name)), "{} twice", object.name);
            for (key, value) in object.json["metadata"]["labels"].as_object().unwrap() {
                prop_assert!(value.as_str().unwrap().len() <= 63, "{key}: {value}");
            }
        }
        let workloads: HashSet<&String> =
            blueprint.objects.iter().filter(|object| object.kind.is_workload()).map(|object| &object.name).collect();
        prop_assert_eq!(workloads.len(), blueprint.nodes.len());
    }

    #[test]
    fn what_was_written_has_an_empty_plan(spec in spec()) {
        let blueprint = blueprint("a", &spec);
        let plan = World::of(&blueprint).plan(&blueprint);
        prop_assert!(plan.is_done(), "{:?}", plan);
    }

    #[test]
    fn after_a_few_plans_there_is_nothing_left_to_plan(before in spec(), after_change in spec()) {
        let (old, new) = (blueprint("a", &before), blueprint("a", &after_change));
        let mut world = World::of(&old);
        // One that a StatefulSet refuses, one that tries another, one that deletes it, one that creates it, and one that deletes what pods no
        // longer read.
        for _ in 0..5 {
            world.step(&new);
        }
        let left = world.plan(&new);
        prop_assert!(left.is_done(), "{:?}", left);
        let sorted = |mut names: Vec<(String, String)>| { names.sort(); names };
        prop_assert_eq!(
            sorted(world.snapshot.children.iter().map(|child| (child.kind.kind.to_string(), child.name.to_string())).collect()),
            sorted(new.objects.iter().map(|object| (object.kind.kind.to_string(), object.name.clone())).collect())
        );
        let inventory = &world.snapshot.status.as_ref().unwrap().inventory;
        let remembered: usize = inventory.0.values().map(BTreeMap::len).sum();
        prop_assert_eq!(remembered, new.objects.len(), "{:?}", inventory);
    }

    #[test]
    fn a_plan_is_the_same_whatever_order_the_children_come_in(before in spec(), after_change in spec()) {
        let new = blueprint("a", &after_change);
        let mut world = World::of(&blueprint("a", &before));
        let forwards = world.plan(&new);
        world.snapshot.children.reverse();
        let backwards = world.plan(&new);
        prop_assert_eq!(&forwards, &backwards);
        prop_assert_eq!(targets(&forwards), targets(&backwards));
    }

    #[test]
    fn without_the_status_everything_is_applied_once_more_and_nothing_changes(spec in spec()) {
        let blueprint = blueprint("a", &spec);
        let mut world = World::of(&blueprint);
        let before = world.snapshot.children.clone();
        world.snapshot.status = None;
        let plan = world.step(&blueprint);
        prop_assert!(targets(&plan).iter().all(|target| target.starts_with("Apply ")), "{:?}", targets(&plan));
        prop_assert_eq!(plan.actions.len(), blueprint.objects.len());
        prop_assert_eq!(&world.snapshot.children, &before);
        prop_assert!(world.plan(&blueprint).is_done());
    }
}
