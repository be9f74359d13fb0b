//! Configuration files and the texts that refer to other parts of the cluster, from the custom resource to the children.

use std::collections::BTreeMap;

use operator_core::{
    definition::{
        Cardinality, ConfigFile, Definition, External, ExternalCheck, Format, NodeTemplate, NodeType, Port, Protocol,
        Reload, Surroundings, Workload,
    },
    model::{Identity, Object},
    render::{Blueprint, render},
};
use proptest::prelude::*;
use serde_json::{Value, json};

use crate::common::{DATA, HTTP, of, optional, sentences, stores};

static DEFINITION: Definition = Definition {
    configs: &[
        file("common", "common.properties", Format::Properties),
        file("settings", "app.yaml", Format::Yaml),
        file("script", "run.sh", Format::Raw),
        ConfigFile { reload: Reload::None, ..file("levels", "levels.json", Format::Json) },
        ConfigFile { with: Some(computed), ..file("computed", "computed.ini", Format::Ini) },
    ],
    externals: &[External { name: "zookeeper", at: &["external", "zookeeper"], check: ExternalCheck::Tcp }],
    node_types: &[
        stores(NodeTemplate {
            ports: &[HTTP],
            args: &["--id=${node.name}"],
            configs: &[
                file("settings", "app.yaml", Format::Yaml),
                file("script", "run.sh", Format::Raw),
                file("own", "store.toml", Format::Toml),
            ],
            ..NodeTemplate::EMPTY
        }),
        optional(
            "query",
            NodeTemplate { env: &[("CLUSTER", "${cluster.name}.${cluster.namespace}")], ..of(Workload::Deployment) },
        ),
        NodeType {
            field: "nodes",
            cardinality: Cardinality::List,
            ..optional(
                "worker",
                NodeTemplate {
                    ports: &[Port { name: "rpc", number: 90, protocol: Protocol::Tcp }],
                    ..NodeTemplate::EMPTY
                },
            )
        },
    ],
    ..DATA
};

const fn file(field: &'static str, file: &'static str, format: Format) -> ConfigFile {
    ConfigFile { readers: &[], field: Some(field), file, mount: "/etc/app", format, with: None, reload: Reload::Pods }
}

fn computed(spec: &Value, _: &Surroundings<'_>) -> Result<Value, String> {
    Ok(spec.get("image").map_or(Value::Null, |image| json!({ "run": { "image": image, "of": "${cluster.name}" } })))
}

/// A cluster with a store, a query node and these fields.
fn spec(fields: Value) -> Value {
    let mut spec = json!({ "image": "i", "stores": { "hot": {} }, "query": {} });
    json_merge(&mut spec, fields);
    spec
}

fn json_merge(base: &mut Value, over: Value) {
    match (base, over) {
        (Value::Object(base), Value::Object(over)) => {
            over.into_iter().for_each(|(key, value)| json_merge(base.entry(key).or_insert(Value::Null), value));
        }
        (base, over) => *base = over,
    }
}

fn built(fields: Value) -> Result<Blueprint, Vec<String>> {
    let cluster = Identity { namespace: "ns".to_owned(), name: "db".to_owned(), uid: "uid".to_owned() };
    render(&cluster, &spec(fields), &DEFINITION).map_err(|invalid| sentences(&invalid))
}

fn blueprint(fields: Value) -> Blueprint {
    built(fields).unwrap()
}

#[track_caller]
fn refused(fields: Value, why: &str) {
    let errors = built(fields).unwrap_err();
    assert!(errors.iter().any(|error| error.contains(why)), "{errors:#?} don't say: {why}");
    assert_eq!(errors.iter().filter(|error| error.contains(why)).count(), 1, "{errors:#?} say it once");
}

/// ConfigMaps that hold this file.
fn files<'a>(blueprint: &'a Blueprint, name: &'a str) -> Vec<&'a Object> {
    blueprint.objects.iter().map(|object| &**object).filter(|object| object.json["data"].get(name).is_some()).collect()
}

/// What a file holds that there is once.
#[track_caller]
fn only<'a>(blueprint: &'a Blueprint, name: &str) -> &'a str {
    let files: Vec<&Value> = blueprint.objects.iter().filter_map(|object| object.json["data"].get(name)).collect();
    assert_eq!(files.len(), 1, "{files:?}");
    files[0].as_str().unwrap()
}

fn container<'a>(blueprint: &'a Blueprint, kind: &str) -> &'a Value {
    let workload = blueprint.objects.iter().find(|object| object.kind.kind == kind).unwrap();
    &workload.json["spec"]["template"]["spec"]["containers"][0]
}

/// The configuration hash of a node that reads nothing but its files.
fn config_hash(blueprint: &Blueprint, node: &str) -> String {
    let mut hashes = blueprint.objects.iter().filter(|object| object.node_name() == Some(node));
    hashes.find_map(|object| object.hash.as_ref()).unwrap().value(&BTreeMap::new())
}

#[test]
fn a_file_of_the_cluster_is_shared_until_a_node_makes_it_its_own() {
    let shared = blueprint(json!({ "settings": { "a": 1, "b": { "c": 1 } } }));
    assert_eq!(files(&shared, "app.yaml").len(), 1);
    assert_eq!(files(&shared, "app.yaml")[0].node, None);

    let own = blueprint(json!({
        "settings": { "a": 1, "b": { "c": 1, "d": [1] } },
        "stores": { "hot": { "settings": { "b": { "c": 2, "d": [2] }, "e": true } } },
    }));
    let files = files(&own, "app.yaml");
    let of = |node: Option<&str>| files.iter().find(|file| file.node_name() == node).unwrap();
    let read =
        |object: &Object| serde_saphyr::from_str::<Value>(object.json["data"]["app.yaml"].as_str().unwrap()).unwrap();
    assert_eq!(read(of(None)), json!({ "a": 1, "b": { "c": 1, "d": [1] } }));
    assert_eq!(read(of(Some("store-hot"))), json!({ "a": 1, "b": { "c": 2, "d": [2] }, "e": true }));
    assert!(of(Some("store-hot")).name.starts_with("db-store-hot-app.yaml-"));

    let name = |overrides: Value| {
        let blueprint = blueprint(json!({
            "settings": { "a": 1 }, "stores": null, "query": { "configOverrides": { "app.yaml": overrides } },
        }));
        let found: Vec<_> =
            blueprint.objects.iter().filter(|object| object.json["data"].get("app.yaml").is_some()).collect();
        found[0].name.clone()
    };
    assert_eq!(name(json!({})), shared_name(json!({ "a": 1 })));
    assert_eq!(name(json!({ "a": 1, "b": null })), shared_name(json!({ "a": 1 })));
    assert_ne!(name(json!({ "a": 2 })), shared_name(json!({ "a": 2 })));
}

fn shared_name(settings: Value) -> String {
    let blueprint = blueprint(json!({ "settings": settings, "stores": null }));
    files(&blueprint, "app.yaml")[0].name.clone()
}

#[test]
fn text_of_two_fields_is_refused() {
    refused(
        json!({ "script": "a", "stores": { "hot": { "script": "b" } } }),
        "spec.stores.hot.script: run.sh is text, and spec.script says already what stands in it",
    );
}

#[test]
fn overrides_are_laid_over_a_file_and_null_removes() {
    let blueprint = blueprint(json!({
        "stores": null,
        "common": { "a": 1, "b": "x", "c": "y" },
        "script": "echo a",
        "defaults": { "configOverrides": { "common.properties": { "b": "z", "d": 1.5 }, "run.sh": "echo b" } },
        "query": { "configOverrides": { "common.properties": { "a": null, "e": true } } },
    }));
    assert_eq!(only(&blueprint, "common.properties"), "b=z\nc=y\nd=1.5\ne=true\n");
    assert_eq!(only(&blueprint, "run.sh"), "echo b");
    assert_eq!(files(&blueprint, "run.sh")[0].node_name(), Some("query"));
    // The node takes back what the defaults say of the file.
    let blueprint = self::blueprint(json!({
        "stores": null,
        "common": { "a": 1 },
        "defaults": { "configOverrides": { "common.properties": { "a": 2 } } },
        "query": { "configOverrides": { "common.properties": null } },
    }));
    assert_eq!(only(&blueprint, "common.properties"), "a=1\n");
}

#[test]
fn overrides_of_what_is_not_there_or_cannot_be_are_refused() {
    let query = |overrides: Value| json!({ "common": { "a": 1 }, "query": { "configOverrides": overrides } });
    refused(
        query(json!({ "comon.properties": {} })),
        "spec.query.configOverrides.comon.properties: the node has no such file; it has: common.properties, app.yaml",
    );
    refused(query(json!({ "store.toml": { "a": 1 } })), "the node has no such file");
    refused(query(json!({ "common.properties": "a=1" })), "the file has keys: write a map");
    for wrong in [json!({ "$patch": "delte" }), json!({ "b": { "$patch": 1 } })] {
        refused(query(json!({ "common.properties": wrong })), "means nothing: write delete, replace or merge");
    }
    refused(query(json!({ "run.sh": { "a": 1 } })), "the file is text: write what it shall hold");
    refused(
        json!({ "stores": null, "settings": [1], "query": { "configOverrides": { "app.yaml": { "a": 1 } } } }),
        "the file holds no map",
    );
    // What nodes share may be about a file of some of them; a name that nobody has is a mistake.
    let blueprint = blueprint(json!({ "defaults": { "configOverrides": { "store.toml": { "a": { "b": 1 } } } } }));
    assert_eq!(only(&blueprint, "store.toml"), "[a]\nb = 1\n");
    let errors = built(json!({ "defaults": { "configOverrides": { "stor.toml": { "a": 1 } } } })).unwrap_err();
    assert_eq!(errors.len(), 2, "{errors:?}");
}

#[test]
fn a_file_that_the_application_watches_has_a_stable_name_and_is_in_no_hash() {
    let (one, other) = (blueprint(json!({ "levels": { "a": 1 } })), blueprint(json!({ "levels": { "a": 2 } })));
    let (file, changed) = (files(&one, "levels.json")[0], files(&other, "levels.json")[0]);
    assert_eq!((file.name.as_str(), changed.name.as_str()), ("db-levels.json", "db-levels.json"));
    assert_eq!(file.json.get("immutable"), None);
    assert_ne!(file.intent, changed.intent);
    assert_eq!(config_hash(&one, "query"), config_hash(&other, "query"));

    let about_nodes = blueprint(json!({ "levels": { "a": "${node.name}" } }));
    let names: Vec<&str> = files(&about_nodes, "levels.json").iter().map(|file| file.name.as_str()).collect();
    assert_eq!(names, ["db-store-hot-levels.json", "db-query-levels.json"]);
}

#[test]
fn a_configmap_has_its_limit() {
    let text = |length: usize| json!({ "stores": null, "script": "x".repeat(length) });
    let most = 1024 * 1024 - "run.sh".len();
    assert_eq!(only(&blueprint(text(most)), "run.sh").len(), most);
    refused(text(most + 1), "spec.script: run.sh would be 1025 KiB; a ConfigMap holds at most 1024");
}

#[test]
fn references_are_replaced_in_every_text() {
    let blueprint = blueprint(json!({
        "external": { "zookeeper": "zk-0:2181,zk-1:2181" },
        "common": {
            "zk": "${external.zookeeper}",
            "hot": "http://${service.stores.hot.http}/ and ${service.stores.hot.more}",
            "host": "${service.stores.hot}",
            "worker": "${service.nodes.a.rpc}",
            "theirs": "${user.home} ${env:X} ${HOME} $${cluster.name} $${date:yyyy} ${a:-${cluster.name}} $ ${",
        },
        "script": "echo ${cluster.name}\n",
        "stores": { "hot": {
            "replicas": 3, "ports": [{ "name": "more", "number": 81 }],
            "own": { "id": ["${node.name}"], "type": "${node.type}", "pods": "${node.replicas}", "n": 1 },
            "args": ["--zk=${external.zookeeper}"],
        } },
        "nodes": [{ "name": "a", "nodeType": "worker" }],
        "query": {
            "env": [{ "name": "STORE", "value": "${service.stores.hot.http}" }],
            "sidecars": [{ "name": "s", "image": "i", "args": ["${node.name}"], "env": [{ "name": "X", "value": "${node.type}" }] }],
            "configOverrides": { "common.properties": { "mine": "${node.name}" } },
        },
    }));
    let own = files(&blueprint, "common.properties");
    let own = own.iter().find(|file| file.node_name() == Some("query")).unwrap();
    assert_eq!(
        own.json["data"]["common.properties"],
        "host=db-store-hot.ns.svc\n\
         hot=http://db-store-hot.ns.svc:80/ and db-store-hot.ns.svc:81\n\
         mine=db-query\n\
         theirs=${user.home} ${env:X} ${HOME} ${cluster.name} $${date:yyyy} ${a:-db} $ ${\n\
         worker=db-worker-a.ns.svc:90\n\
         zk=zk-0:2181,zk-1:2181\n"
    );
    assert_eq!(only(&blueprint, "run.sh"), "echo db\n");
    assert_eq!(only(&blueprint, "store.toml"), "id = [\"db-store-hot\"]\nn = 1\npods = \"3\"\ntype = \"store\"\n");
    assert_eq!(only(&blueprint, "computed.ini"), "[run]\nimage = i\nof = db\n");
    assert_eq!(container(&blueprint, "StatefulSet")["args"], json!(["--id=db-store-hot", "--zk=zk-0:2181,zk-1:2181"]));
    let env = container(&blueprint, "Deployment")["env"].to_string();
    assert!(env.contains("\"db.ns\"") && env.contains("\"db-store-hot.ns.svc:80\""), "{env}");
}

#[test]
fn references_are_replaced_wherever_a_container_has_texts() {
    let exec = |text: &str| json!({ "exec": { "command": ["ask", text] } });
    let aside = json!({ "name": "s", "image": "i", "livenessProbe": exec("${node.type}"), "lifecycle": { "preStop": exec("${node.name}") } });
    let blueprint = blueprint(json!({ "query": {
        "readinessProbe": exec("${cluster.name}"),
        "lifecycle": { "preStop": exec("${node.type}") },
        "sidecars": [aside],
        "podOverrides": { "metadata": { "annotations": { "a": "${service.stores.hot.http}" } } },
    } }));
    let query = container(&blueprint, "Deployment");
    assert_eq!(query["readinessProbe"]["exec"]["command"][1], "db");
    assert_eq!(query["lifecycle"]["preStop"]["exec"]["command"][1], "query");
    let deployment = blueprint.objects.iter().find(|object| object.kind.kind == "Deployment").unwrap();
    let template = &deployment.json["spec"]["template"];
    let aside = &template["spec"]["containers"][1];
    assert_eq!(aside["livenessProbe"]["exec"]["command"][1], "query");
    assert_eq!(aside["lifecycle"]["preStop"]["exec"]["command"][1], "db-query");
    assert_eq!(template["metadata"]["annotations"]["a"], "db-store-hot.ns.svc:80");
    for (field, value, at) in [
        ("livenessProbe", exec("${cluster.x}"), "livenessProbe.exec.command"),
        ("lifecycle", json!({ "preStop": exec("${cluster.x}") }), "lifecycle"),
        ("podOverrides", json!({ "spec": { "hostname": "${cluster.x}" } }), "podOverrides"),
    ] {
        refused(json!({ "query": { field: value } }), &format!("spec.query.{at}: `${{cluster.x}}`"));
    }
}

/// A headless Service leads to the pods, where only the containers' numbers are open.
#[test]
fn references_know_the_ports_of_the_service_alone() {
    let service = json!({ "ports": [
        { "name": "https", "port": 443, "targetPort": 8443 }, { "name": "alias", "port": 8080, "targetPort": "http" },
    ] });
    let blueprint = blueprint(json!({
        "common": {
            "hot": "${service.stores.hot.https} ${service.stores.hot.alias}", "query": "${service.query.https} ${service.query.alias}",
        },
        "stores": { "hot": { "service": service } },
        "query": { "ports": [{ "name": "http", "number": 80 }], "service": service },
    }));
    assert_eq!(
        only(&blueprint, "common.properties"),
        "hot=db-store-hot.ns.svc:8443 db-store-hot.ns.svc:80\nquery=db-query.ns.svc:443 db-query.ns.svc:8080\n"
    );
}

#[test]
fn a_reference_that_dangles_is_refused_with_what_there_is() {
    let common = |reference: &str| json!({ "common": { "a": reference } });
    for (reference, why) in [
        ("${cluster.uid}", "spec.common: `${cluster.uid}`: a cluster has a `name` and a `namespace`"),
        ("${node.names}", "a node has a `name`, a `type`, a `key` and `replicas`"),
        ("${service.brokers}", "no node type is placed by `brokers`; there are: stores, query, nodes"),
        ("${service.stores}", "name a node, as in `${service.stores.<key>}`; `stores` has: hot"),
        ("${service.stores.cold.http}", "there is no such node, as in `${service.stores.<key>}`; `stores` has: hot"),
        ("${service.stores.hot.https}", "`stores.hot` has no port `https`; it has: http"),
        ("${service.query}", "`query` has no port, and so no Service"),
        ("${external.kafka}", "there is no external `kafka`; there are: zookeeper"),
        ("${external.zookeeper}", "spec.external.zookeeper isn't there"),
        ("${cluster.name", "`${cluster.name`: close it with `}`"),
    ] {
        refused(common(reference), why);
    }
    refused(json!({ "query": null, "common": { "a": "${service.query.http}" } }), "the cluster has no `query`: add it");
    let autoscaled =
        json!({ "stores": { "hot": { "autoscaling": { "maxReplicas": 3 }, "own": { "n": "${node.replicas}" } } } });
    refused(autoscaled, "spec.stores.hot.own: `${node.replicas}`: an autoscaler decides");
    refused(json!({ "query": { "args": ["${cluster.x}"] } }), "spec.query.args: `${cluster.x}`");
    refused(
        json!({ "query": { "env": [{ "name": "A", "value": "${cluster.x}" }] } }),
        "spec.query.env[A]: `${cluster.x}`",
    );
    let sidecar = json!({ "name": "s", "image": "i", "args": ["${cluster.x}"] });
    refused(json!({ "query": { "sidecars": [sidecar] } }), "spec.query.sidecars[s].args: `${cluster.x}`");
    refused(
        json!({ "query": { "configOverrides": { "common.properties": { "a": "${cluster.x}" } } } }),
        "spec.query.configOverrides.common.properties: `${cluster.x}`",
    );
}

#[test]
fn what_a_format_cannot_hold_is_refused_where_it_stands() {
    refused(json!({ "stores": { "hot": { "own": { "a": null } } } }), "spec.stores.hot.own: `a` is null");
    let override_ = json!({ "query": { "configOverrides": { "computed.ini": { "a": "x\ny" } } } });
    refused(override_, "spec.query.configOverrides.computed.ini: the value of `a` has a line break");
}

/// Values that JSON, YAML and TOML all have.
fn value() -> impl Strategy<Value = Value> {
    let leaf = prop_oneof![
        any::<bool>().prop_map(Value::from),
        any::<i64>().prop_map(Value::from),
        any::<i16>().prop_map(|number| Value::from(f64::from(number) / 8.0)),
        "(?s).{0,8}".prop_map(|text| Value::from(text.replace("${", "{"))),
        prop::sample::select(vec![
            "true",
            "1",
            "1.0",
            "null",
            "~",
            "no",
            "0x1",
            "1e3",
            "2020-01-01",
            "- a",
            "a: b",
            "#",
            ""
        ])
        .prop_map(Value::from),
    ];
    let nested = leaf.prop_recursive(3, 16, 4, |inner| {
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..4).prop_map(Value::from),
            prop::collection::btree_map("[a-zA-Z0-9 .=#\"]{1,4}", inner, 0..4)
                .prop_map(|map| map.into_iter().collect()),
        ]
    });
    prop::collection::btree_map("[a-z.]{1,4}", nested, 1..4).prop_map(|map| map.into_iter().collect())
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn json_yaml_and_toml_keep_every_value_and_its_type(value in value()) {
        let blueprint = blueprint(json!({ "settings": value, "levels": value, "stores": { "hot": { "own": value } } }));
        prop_assert_eq!(&serde_json::from_str::<Value>(only(&blueprint, "levels.json")).unwrap(), &value);
        prop_assert_eq!(&toml::from_str::<Value>(only(&blueprint, "store.toml")).unwrap(), &value);
        prop_assert_eq!(&serde_saphyr::from_str::<Value>(only(&blueprint, "app.yaml")).unwrap(), &value);
    }

    #[test]
    fn the_same_cluster_gives_the_same_files(value in value()) {
        let fields = json!({ "settings": value, "query": { "configOverrides": { "app.yaml": value } } });
        let all = |blueprint: Blueprint| -> Vec<_> {
            blueprint.objects.iter().map(|object| (object.name.clone(), object.intent, object.json.clone())).collect()
        };
        prop_assert_eq!(all(blueprint(fields.clone())), all(blueprint(fields)));
    }

    #[test]
    fn text_without_references_is_kept(text in "[^$]{0,40}") {
        let blueprint = blueprint(json!({ "stores": null, "script": text }));
        prop_assert_eq!(only(&blueprint, "run.sh"), text);
    }

    #[test]
    fn no_text_makes_the_operator_stop(text in "[${}.a-z]{0,24}|(\\$?\\$\\{(cluster|node|service|external)\\.?[a-z.]{0,8}\\}?){1,3}") {
        let _ = built(json!({ "stores": null, "script": text }));
    }
}
