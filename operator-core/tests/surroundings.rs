//! What functions of the author know of the cluster around the file that they compute.

use operator_core::{
    definition::Unnamed,
    model::kind::{CONFIG_MAP, STATEFUL_SET},
    prelude::*,
    render::render,
};
use serde_json::{Value, json};

use crate::common::{cluster, sentences};

/// An ensemble: every member lists all of them.
#[derive(DataOperator, Clone, Debug, Serialize, Deserialize, JsonSchema)]
#[operator(group = "tests.example.com", version = "v1", kind = "Ensemble")]
#[operator(every_node(image = "i", port(client = 2181)))]
pub struct EnsembleSpec {
    /// Lines that every node has.
    #[config(file = "members.properties", mount = "/etc/members", with = members)]
    #[serde(default)]
    pub members: Properties,
    /// Lines of one node.
    #[config(file = "node.properties", mount = "/etc/node", with = node)]
    #[serde(default)]
    pub own: Properties,
    /// A word.
    pub word: String,
    /// Vote.
    #[node_type(name = "voter", replicas = 2)]
    pub voters: BTreeMap<String, Voter>,
    /// Follow.
    #[node_type(name = "follower", workload = Deployment)]
    pub followers: Option<NodeSpec>,
}

/// Votes.
#[node_type]
pub struct Voter {
    /// What a node type's function sees of the cluster.
    #[config(file = "word", mount = "/etc/word", format = raw, with = word)]
    #[serde(default)]
    pub prefix: String,
}

fn members(spec: &EnsembleSpec, around: &Surroundings) -> Result<Properties, Unnamed> {
    let mut lines = spec.members.clone();
    for peer in around.nodes("voter") {
        for (ordinal, host) in peer.pods()?.iter().enumerate() {
            let key = peer.key.as_deref().unwrap_or_default();
            lines.set(format!("{key}.{ordinal}"), format!("{host}:{}", peer.port("client").unwrap_or_default()));
        }
    }
    Ok(lines)
}

fn node(_: &EnsembleSpec, around: &Surroundings) -> Properties {
    Properties::from([("name", around.node().name.as_str())])
}

fn word(voter: &Voter, around: &Surroundings) -> Result<String, serde_json::Error> {
    let spec: EnsembleSpec = around.spec()?;
    Ok(format!("{}{} of {}/{}", voter.prefix, spec.word, around.namespace(), around.cluster()))
}

/// What attributes leave out.
#[derive(DataOperator, Clone, Debug, Serialize, Deserialize, JsonSchema)]
#[operator(group = "tests.example.com", version = "v1", kind = "Brief")]
#[operator(every_node(image = "i", readiness(http = "/ready"), defaults = patient))]
pub struct BriefSpec {
    /// A file whose function can't say what is wrong.
    #[config(file = "mute.json", mount = "/etc/mute", with = mute)]
    #[serde(default)]
    pub mute: bool,
    /// Answer.
    #[node_type(
        replicas = 3,
        port(gossip = 7946, protocol = UDP),
        port(proto = 7000, http = 8080),
        defaults = soon,
        liveness(http = "/live", port = "http")
    )]
    pub query: NodeSpec,
}

fn mute(spec: &BriefSpec) -> Result<Properties, Vec<u8>> {
    if spec.mute { Err(vec![1]) } else { Ok(Properties::default()) }
}

fn patient() -> NodeDefaults {
    NodeDefaults {
        termination_grace_period_seconds: Some(300),
        priority_class_name: Some("low".into()),
        ..NodeDefaults::default()
    }
}

fn soon() -> NodeDefaults {
    NodeDefaults { termination_grace_period_seconds: Some(5), ..NodeDefaults::default() }
}

/// The content of each file, by the name of its ConfigMap without its hash.
fn files(name: &str, spec: Value) -> Result<BTreeMap<String, String>, Vec<String>> {
    let blueprint = render(&cluster(name), &spec, Ensemble::DEFINITION).map_err(|errors| sentences(&errors))?;
    let maps = blueprint.objects.iter().filter(|object| object.kind == &CONFIG_MAP);
    let content =
        |map: &Value| map["data"].as_object().and_then(|data| data.values().next()?.as_str().map(str::to_owned));
    Ok(maps
        .map(|map| {
            let owner = map.name.rsplit_once('-').map_or(map.name.clone(), |(owner, _)| owner.to_owned());
            (owner, content(&map.json).unwrap_or_default())
        })
        .collect())
}

#[test]
fn a_function_knows_the_pods_of_every_node() {
    let spec = json!({
        "word": "hello",
        "members": { "tick": "2" },
        "voters": { "a": {}, "b": { "replicas": 1, "prefix": "> " } },
        "followers": { "replicas": 1 },
    });
    let files = files("c", spec).unwrap();
    let expected = "a.0=c-voter-a-0.c-voter-a.default.svc:2181\na.1=c-voter-a-1.c-voter-a.default.svc:2181\n\
                    b.0=c-voter-b-0.c-voter-b.default.svc:2181\ntick=2\n";
    assert_eq!(files["c-members.properties"], expected, "all nodes have one: {files:#?}");
    assert_eq!(files["c-voter-a-word"], "hello of default/c");
    assert_eq!(files["c-voter-b-word"], "> hello of default/c");
}

#[test]
fn a_file_that_is_about_the_node_is_the_nodes_own() {
    let files = files("c", json!({ "word": "", "voters": { "a": {} }, "followers": {} })).unwrap();
    assert_eq!(files["c-voter-a-node.properties"], "name=c-voter-a\n");
    assert_eq!(files["c-follower-node.properties"], "name=c-follower\n");
    assert!(!files.contains_key("c-node.properties"), "{files:#?}");
}

#[test]
fn names_that_are_cut_are_right_in_files_too() {
    let name = "a-cluster-whose-name-is-so-long-that-it-has-to-be-cut";
    let files = files(name, json!({ "word": "", "voters": { "a": {} } })).unwrap();
    let own = files.values().find_map(|file| file.strip_prefix("name=")).unwrap().trim();
    assert!(own.len() <= 52, "{own}");
    assert!(files.values().any(|file| file.contains(&format!("a.0={own}-0.{own}.default.svc:2181"))), "{files:#?}");
}

#[test]
fn what_attributes_leave_out_follows_from_the_others() {
    let built = |spec: Value| render(&cluster("c"), &spec, Brief::DEFINITION).map_err(|errors| sentences(&errors));
    let mute = built(json!({ "query": {} })).unwrap_err();
    assert_eq!(mute, ["spec.mute: the function returns a `Result` whose error has no `Display`: give it one"]);

    let [query] = Brief::DEFINITION.node_types else { panic!() };
    static WITHOUT: operator_core::definition::Definition =
        operator_core::definition::Definition { configs: &[], ..*Brief::DEFINITION };
    let blueprint = render(&cluster("c"), &json!({ "query": {} }), &WITHOUT).unwrap();
    let set = blueprint.objects.iter().find(|object| object.kind == &STATEFUL_SET).unwrap();
    assert_eq!((query.replicas(), &set.json["spec"]["replicas"]), (Some(3), &json!(3)));
    let pod = &set.json["spec"]["template"]["spec"];
    let container = &pod["containers"][0];
    assert_eq!(container["readinessProbe"]["httpGet"]["port"], "proto", "the first that is TCP");
    assert_eq!(container["livenessProbe"]["httpGet"]["port"], "http");
    assert_eq!((&pod["terminationGracePeriodSeconds"], &pod["priorityClassName"]), (&json!(5), &json!("low")));
    let scaled = render(&cluster("c"), &json!({ "query": { "replicas": 1 } }), &WITHOUT).unwrap();
    assert_eq!(scaled.nodes[0].replicas, 1);
}

#[test]
fn an_error_of_a_function_names_the_field() {
    let metrics = json!([{ "type": "Resource", "resource": { "name": "cpu", "target": { "type": "Utilization", "averageUtilization": 80 } } }]);
    let autoscaled =
        json!({ "autoscaling": { "maxReplicas": 3, "metrics": metrics }, "resources": { "requests": { "cpu": "1" } } });
    let errors = files("c", json!({ "word": "", "voters": { "a": autoscaled } })).unwrap_err();
    let expected = "spec.members: the spec doesn't say how many pods c-voter-a has, and they are listed: set replicas, without autoscaling";
    assert_eq!(errors, [expected]);
}
