//! Shapes of kinds: nodes that say their type, nodes that are multiplied, and what only some node types read.

use operator_core::{
    ClusterStatus, check, crd,
    model::kind::{CONFIG_MAP, STATEFUL_SET},
    prelude::*,
    render::render,
};
use serde_json::{Value, json};

use crate::common::{cluster, sentences};

/// A store in shards, with nodes of several types around it.
#[derive(DataOperator, Clone, Debug, Serialize, Deserialize, JsonSchema)]
#[operator(group = "tests.example.com", version = "v1", kind = "Shaped", every_node(image = "i"))]
#[operator(config(file = "peers.txt", mount = "/etc/peers", format = raw, with = peers, readers("shard", "keeper")))]
#[serde(rename_all = "camelCase")]
pub struct ShapedSpec {
    /// Password of those who keep.
    #[secret(env = "PASSWORD", readers("keeper"))]
    pub password: SecretRef,
    /// What brokers read.
    #[config(file = "broker.yaml", mount = "/etc/broker", readers("broker"))]
    #[serde(default)]
    pub limits: Properties,
    /// The data.
    #[node_type(
        name = "shard",
        port(http = 80),
        args("--advertise=${pod.host}:${pod.ordinal}"),
        env(SHARD = "${node.key}", SELF = "${pod.name}", EARLIER = "$(SHARD)", AT = "${pod.ip}")
    )]
    pub data: Shard,
    /// Others, by name.
    #[node_types]
    pub nodes: BTreeMap<String, Node>,
    /// Further ones.
    #[node_types]
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub others: Vec<Named<Other>>,
}

/// A part of the data.
#[node_type(copies = self.shards, config(file = "own.txt", mount = "/etc/own", format = raw, with = own))]
pub struct Shard {
    /// How many parts there are.
    #[serde(default = "two")]
    pub shards: u32,
}

fn two() -> u32 {
    2
}

fn own(shard: &Shard, around: &Surroundings) -> Result<String, std::fmt::Error> {
    let key = around.node().key.as_deref().unwrap_or_default();
    if shard.shards == 7 { Err(std::fmt::Error) } else { Ok(format!("{key} of {}", shard.shards)) }
}

fn peers(_: &ShapedSpec, around: &Surroundings) -> String {
    let hosts: Vec<&str> = around.nodes("shard").map(|peer| peer.host.as_str()).collect();
    hosts.join(" ")
}

/// A node that says its type.
#[node_types]
pub enum Node {
    /// Keeps what the shards agree on.
    #[node_type(order = 1, port(http = 81))]
    Keeper(Keeper),
    /// Answers queries.
    #[node_type(order = 2, workload = Deployment, port(http = 82), args("${node.type}", "${node.key}"))]
    Broker(Broker),
}

/// Another.
#[node_types(tag = "role")]
pub enum Other {
    /// Has no fields of its own.
    Plain(NodeSpec),
}

/// Keeps what the shards agree on.
#[node_type]
#[schemars(extend("x-kubernetes-validations" = [{ "rule": "self.settings.tick > 0", "message": "tick" }]))]
pub struct Keeper {
    /// Seconds between two agreements.
    #[config(file = "keeper.yaml", mount = "/etc/keeper")]
    pub settings: Settings,
    /// A word.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub word: Option<String>,
}

/// Of a keeper.
#[derive(Clone, Debug, Serialize, Deserialize, JsonSchema)]
pub struct Settings {
    /// In seconds.
    pub tick: u32,
}

/// Answers queries.
#[node_type]
pub struct Broker {
    /// A number, which a keeper has as a word.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub word: Option<u32>,
    /// How many queries at a time.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub limit: Option<u32>,
}

fn spec() -> Value {
    json!({
        "password": { "secretName": "p" },
        "data": {},
        "nodes": {
            "b": { "nodeType": "broker", "limit": 3 },
            "k": { "nodeType": "keeper", "settings": { "tick": 2 } },
        },
        "others": [{ "name": "x", "role": "plain" }],
    })
}

fn with(pointer: &str, value: Value) -> Value {
    let mut spec = spec();
    let (around, name) = pointer.rsplit_once('/').unwrap();
    spec.pointer_mut(around).unwrap()[name] = value;
    spec
}

/// As a cluster's spec is read, before anything is made of it.
fn read(spec: &Value) -> Value {
    serde_json::to_value(ShapedSpec::deserialize(spec).unwrap()).unwrap()
}

fn refused(spec: &Value) -> Vec<String> {
    sentences(&render(&cluster("a"), &read(spec), Shaped::DEFINITION).unwrap_err())
}

#[test]
fn the_definition_is_right() {
    check::<Shaped>().unwrap();
}

#[test]
fn every_node_is_of_the_type_that_it_says() {
    let blueprint = render(&cluster("a"), &read(&spec()), Shaped::DEFINITION).unwrap();
    let nodes: Vec<_> = blueprint.nodes.iter().map(|node| (node.name.as_str(), node.path.as_str())).collect();
    assert_eq!(
        nodes,
        [
            ("shard-0", "data"),
            ("shard-1", "data"),
            ("keeper-k", "nodes.k"),
            ("broker-b", "nodes.b"),
            ("plain-x", "others[x]"),
        ]
    );
}

fn container(spec: &Value, node: &str) -> Value {
    let blueprint = render(&cluster("a"), &read(spec), Shaped::DEFINITION).unwrap();
    let workloads = ["StatefulSet", "Deployment"];
    let is_of = |name: Option<&str>| name == Some(node);
    let workload = blueprint
        .objects
        .iter()
        .find(|object| workloads.contains(&&*object.kind.kind) && is_of(object.node_name()))
        .unwrap();
    workload.json["spec"]["template"]["spec"]["containers"][0].clone()
}

#[test]
fn a_node_is_multiplied_and_a_further_one_leaves_the_others_alone() {
    let blueprint = |spec: &Value| render(&cluster("a"), &read(spec), Shaped::DEFINITION).unwrap();
    let of = |spec: &Value, name: &str| {
        let blueprint = blueprint(spec);
        let object = blueprint.objects.iter().find(|object| object.kind == &STATEFUL_SET && object.name == name);
        object.map(|object| object.json.clone())
    };
    // What the shards know of each other, and what each computes of their number, is left out of the comparison.
    let bare = |mut spec: Value| {
        spec["data"]["configOverrides"] = json!({ "own.txt": "x", "peers.txt": "x" });
        spec
    };
    let (two, three) = (bare(with("/data/shards", 2.into())), bare(with("/data/shards", 3.into())));
    for name in ["a-shard-0", "a-shard-1"] {
        assert!(of(&two, name).is_some());
        assert_eq!(of(&two, name), of(&three, name));
    }
    assert!(of(&two, "a-shard-2").is_none() && of(&three, "a-shard-2").is_some());
    assert!(of(&with("/data/shards", 0.into()), "a-shard-0").is_none());
    assert_eq!(
        refused(&with("/data/shards", 65.into())),
        ["spec.data.shards: 65 nodes are too many: at most 64 of type shard"]
    );
}

#[test]
fn texts_tell_copies_and_pods_apart() {
    let container = container(&spec(), "shard-1");
    assert_eq!(container["args"], json!(["--advertise=$(POD_NAME).a-shard-1.default.svc:$(POD_ORDINAL)"]));
    let env: Vec<(&str, &Value)> = container["env"]
        .as_array()
        .unwrap()
        .iter()
        .map(|variable| (variable["name"].as_str().unwrap(), variable.get("value").unwrap_or(&variable["valueFrom"])))
        .collect();
    let field = |path: &str| json!({ "fieldRef": { "apiVersion": "v1", "fieldPath": path } });
    let (name, ip) = (field("metadata.name"), field("status.podIP"));
    let ordinal = field("metadata.labels['apps.kubernetes.io/pod-index']");
    assert_eq!(env[..3], [("POD_NAME", &name), ("POD_IP", &ip), ("POD_ORDINAL", &ordinal)]);
    for (name, value) in [("SHARD", "1"), ("SELF", "$(POD_NAME)"), ("AT", "$(POD_IP)")] {
        assert!(env.contains(&(name, &value.into())), "{env:?}");
    }
}

#[test]
fn only_variables_and_arguments_can_tell_pods_apart() {
    // All pods have one file: there it is the application's own syntax.
    let text = "${pod.name} $${pod.name} ${node.key}";
    let blueprint =
        render(&cluster("a"), &read(&with("/data/configOverrides", json!({ "own.txt": text }))), Shaped::DEFINITION);
    let objects = blueprint.unwrap().objects;
    let files = objects.iter().filter_map(|object| object.json["data"]["own.txt"].as_str());
    assert_eq!(files.collect::<Vec<_>>(), ["${pod.name} $${pod.name} 0", "${pod.name} $${pod.name} 1"]);
    let spec = with("/nodes/b/args", json!(["${pod.ordinal}"]));
    assert_eq!(refused(&spec), ["spec.nodes.b.args: `${pod.ordinal}`: only pods of a StatefulSet have one"]);
    let spec = with("/nodes/b/args", json!(["${pod.nmae}"]));
    assert_eq!(
        refused(&spec),
        ["spec.nodes.b.args: `${pod.nmae}`: a pod has a `name`, an `ordinal`, a `host` and an `ip`"]
    );
    let spec = with("/data/env", json!([{ "name": "POD_NAME", "value": "mine" }]));
    assert_eq!(
        refused(&spec),
        ["spec.data.env[POD_NAME]: references to the pod read POD_NAME: give this variable another name"]
    );
}

#[test]
fn only_those_that_are_named_read_what_the_cluster_has() {
    for (node, has_password, files) in [
        ("shard-0", false, vec!["own.txt", "peers.txt"]),
        ("keeper-k", true, vec!["keeper.yaml", "peers.txt"]),
        ("broker-b", false, vec!["broker.yaml"]),
        ("plain-x", false, vec![]),
    ] {
        let spec = with("/limits", json!({ "a": "b" }));
        let container = container(&spec, node);
        let env = container["env"].as_array().into_iter().flatten();
        assert_eq!(env.into_iter().any(|variable| variable["name"] == "PASSWORD"), has_password, "{node}");
        let blueprint = render(&cluster("a"), &read(&spec), Shaped::DEFINITION).unwrap();
        let read = blueprint.objects.iter().filter(|object| object.kind == &CONFIG_MAP).filter(|object| {
            let workload = blueprint.objects.iter().find(|other| {
                other.node_name() == Some(node) && ["StatefulSet", "Deployment"].contains(&&*other.kind.kind)
            });
            workload.unwrap().json["spec"]["template"].to_string().contains(&object.name)
        });
        let mut names: Vec<_> =
            read.flat_map(|map| map.json["data"].as_object().unwrap().keys().cloned().collect::<Vec<_>>()).collect();
        names.sort_unstable();
        assert_eq!(names, files, "{node}");
    }
}

#[test]
fn a_file_without_a_field_says_where_it_went_wrong() {
    let [only] = refused(&with("/data/shards", 7.into())).try_into().unwrap();
    assert!(only.starts_with("spec.data: own.txt: "), "{only}");
}

#[test]
fn the_schema_has_the_fields_of_all_types_and_says_whose_they_are() {
    let crd = serde_json::to_value(crd::crd::<ShapedSpec, ClusterStatus>(Shaped::DEFINITION)).unwrap();
    let spec = &crd["spec"]["versions"][0]["schema"]["openAPIV3Schema"]["properties"]["spec"]["properties"];
    let node = &spec["nodes"]["additionalProperties"];
    assert_eq!(node["properties"]["nodeType"]["enum"], json!(["keeper", "broker"]));
    assert_eq!(node["required"], json!(["nodeType"]));
    assert_eq!(node["properties"]["settings"]["required"], json!(["tick"]));
    // Two types have it, of different kinds.
    assert!(node["properties"]["word"].get("type").is_none());
    let rules: Vec<_> = node["x-kubernetes-validations"].as_array().unwrap().iter().collect();
    for (rule, message) in [
        ("self.nodeType != 'keeper' || (self.settings.tick > 0)", "tick"),
        ("has(self.settings) || !(self.nodeType in ['keeper'])", "settings is missing: nodes of type keeper have it"),
        (
            "!has(self.settings) || self.nodeType in ['keeper']",
            "settings is for nodes of type keeper only: leave it out here",
        ),
        (
            "!has(self.podManagementPolicy) || self.nodeType in ['keeper']",
            "podManagementPolicy is for nodes of type keeper only: leave it out here",
        ),
    ] {
        assert!(rules.contains(&&json!({ "rule": rule, "message": message })), "{rules:#?}");
    }
    let item = &spec["others"]["items"];
    assert_eq!(item["required"], json!(["name", "role"]));
    assert_eq!(item["properties"]["name"]["maxLength"], 30);
    assert!(!crd.to_string().contains("x-of-types"));
}

/// Values that groups say, and one node of one type or another.
#[derive(DataOperator, Clone, Debug, Serialize, Deserialize, JsonSchema)]
#[operator(group = "tests.example.com", version = "v1", kind = "Grouped", every_node(image = "i"))]
#[serde(rename_all = "camelCase")]
pub struct GroupedSpec {
    // Without a doc comment: the definition describes it.
    #[config(file = "own.yaml", mount = "/etc/own", readers("gateway", "parts"))]
    #[serde(default)]
    pub settings: Properties,
    /// Shared settings.
    #[operator(app_config_groups)]
    #[serde(default)]
    pub app_config_groups: BTreeMap<String, Parts>,
    /// In parts.
    #[node_type]
    pub parts: Part,
    /// Of one type or another.
    #[node_types]
    pub main: Main,
    /// Asks the main one.
    #[node_type(env(MAIN = "${service.main.http}"))]
    pub gateway: NodeSpec,
}

/// What parts share.
#[derive(Clone, Debug, Serialize, Deserialize, JsonSchema)]
pub struct Parts {
    /// How many.
    pub number: u8,
}

/// A part.
#[node_type(copies = self.number)]
pub struct Part {
    /// How many; 1 by default.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub number: Option<u8>,
    /// Name of a group.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub app_config_group: Option<String>,
}

/// One of two.
#[node_types]
pub enum Main {
    /// Small.
    #[node_type(port(http = 80))]
    Small(NodeSpec),
    /// Large.
    #[node_type(port(http = 8080))]
    Large(NodeSpec),
}

fn grouped(parts: Value, main: &str) -> Vec<(String, Value)> {
    let spec = json!({
        "appConfigGroups": { "three": { "number": 3 } },
        "parts": parts,
        "main": { "nodeType": main },
        "gateway": {},
    });
    let spec = serde_json::to_value(GroupedSpec::deserialize(&spec).unwrap()).unwrap();
    let blueprint = render(&cluster("a"), &spec, Grouped::DEFINITION).unwrap();
    let sets = blueprint.objects.iter().filter(|object| object.kind == &STATEFUL_SET);
    let env = |json: &Value| json["spec"]["template"]["spec"]["containers"][0]["env"].clone();
    sets.map(|set| (set.name.clone(), env(&set.json))).collect()
}

#[test]
fn a_group_says_how_many_copies_there_are_where_the_node_does_not() {
    check::<Grouped>().unwrap();
    for (parts, wanted) in [
        (json!({}), 1),
        (json!({ "appConfigGroup": "three" }), 3),
        (json!({ "appConfigGroup": "three", "number": 2 }), 2),
    ] {
        let sets = grouped(parts, "small");
        assert_eq!(sets.iter().filter(|(name, _)| name.starts_with("a-parts-")).count(), wanted);
    }
}

#[test]
fn a_field_of_one_node_is_reached_whatever_its_type() {
    for (main, host) in [("small", "a-small.default.svc:80"), ("large", "a-large.default.svc:8080")] {
        let sets = grouped(json!({}), main);
        let (_, env) = sets.iter().find(|(name, _)| name == "a-gateway").unwrap();
        assert_eq!(env, &json!([{ "name": "MAIN", "value": host }]));
    }
}

#[test]
fn a_file_of_some_says_whose_it_is() {
    let crd = serde_json::to_value(crd::crd::<GroupedSpec, ClusterStatus>(Grouped::DEFINITION)).unwrap();
    let spec = &crd["spec"]["versions"][0]["schema"]["openAPIV3Schema"]["properties"]["spec"]["properties"];
    assert_eq!(spec["settings"]["description"], "Content of `own.yaml` on nodes of type gateway, parts.");
}
