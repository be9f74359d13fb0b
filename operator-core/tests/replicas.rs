//! Rules of the number of a node type's pods.

use operator_core::{check, crd, prelude::*, render::Author, settings::Scale};
use serde_json::{Value, json};

use crate::common::built;

/// A quorum, and others that follow rules.
#[derive(DataOperator, Clone, Debug, Serialize, Deserialize, JsonSchema)]
#[operator(group = "tests.example.com", version = "v1", kind = "Quorum", every_node(image = "i"))]
pub struct QuorumSpec {
    /// Vote.
    #[node_type(name = "voter", replicas(default = 3, odd, fixed = "they are listed"))]
    #[serde(default)]
    pub voters: NodeSpec,
    /// Watch, if there are any.
    #[node_type(name = "observer", replicas(min = 1, max = 2))]
    pub observers: Option<NodeSpec>,
    /// By name.
    #[node_type(name = "shard", replicas(default = 2, min = 2, fixed))]
    #[serde(default)]
    pub shards: BTreeMap<String, NodeSpec>,
    /// Of several types.
    #[node_types]
    #[serde(default)]
    pub nodes: BTreeMap<String, Member>,
}

/// A node that says its type.
#[node_types]
pub enum Member {
    /// Odd.
    #[node_type(replicas(odd))]
    Odd(NodeSpec),
    /// Any.
    Any(NodeSpec),
}

fn wrong(spec: Value) -> Vec<String> {
    let spec = (Author::of::<Quorum>().read)(&spec).unwrap();
    built(Author::of::<Quorum>(), &spec).err().unwrap_or_default()
}

#[test]
fn a_number_that_breaks_its_rule_is_refused() {
    check::<Quorum>().unwrap();
    assert_eq!(wrong(json!({})), Vec::<String>::new());
    let odd = "must be odd: one pod more than that survives no further failure";
    assert_eq!(wrong(json!({ "voters": { "replicas": 4 } })), [format!("spec.voters.replicas: {odd}")]);
    assert_eq!(wrong(json!({ "observers": { "replicas": 3 } })), ["spec.observers.replicas: must be 1 to 2"]);
    assert_eq!(wrong(json!({ "shards": { "a": { "replicas": 1 } } })), ["spec.shards.a.replicas: must be 2 or more"]);
    let far = json!({ "observers": { "autoscaling": { "minReplicas": 1, "maxReplicas": 9 } } });
    assert_eq!(wrong(far), ["spec.observers.autoscaling: 9 pods: must be 1 to 2"]);
    let nodes = json!({ "a": { "nodeType": "odd", "replicas": 2 }, "b": { "nodeType": "any", "replicas": 2 } });
    assert_eq!(wrong(json!({ "nodes": nodes })), [format!("spec.nodes.a.replicas: {odd}")]);
    let scaled = json!({ "nodes": { "a": { "nodeType": "odd", "autoscaling": { "maxReplicas": 3 } } } });
    assert!(wrong(scaled)[0].contains("the number of this node type's pods follows a rule"));
}

#[test]
fn the_schema_has_the_rules() {
    let crd = serde_json::to_value(crd::crd::<QuorumSpec, operator_core::ClusterStatus>(Quorum::DEFINITION)).unwrap();
    let spec = &crd["spec"]["versions"][0]["schema"]["openAPIV3Schema"]["properties"]["spec"];
    let rules = |schema: &Value| -> Vec<(String, String)> {
        let rules = schema["x-kubernetes-validations"].as_array().into_iter().flatten();
        let text = |rule: &Value, key: &str| rule[key].as_str().unwrap().to_owned();
        rules.map(|rule| (text(rule, "rule"), text(rule, "message"))).collect()
    };
    let number = |of: &str| format!("(has({of}.voters) && has({of}.voters.replicas) ? {of}.voters.replicas : 3)");
    let observers = "(has(self.observers) && has(self.observers.replicas) ? self.observers.replicas : 1)";
    let of_spec = rules(spec);
    let expected = [
        (
            format!("{} % 2 == 1", number("self")),
            "voters.replicas must be odd: one pod more than that survives no further failure".to_owned(),
        ),
        (
            format!("{} == {}", number("self"), number("oldSelf")),
            "voters.replicas stays as it is: they are listed".to_owned(),
        ),
        (
            format!("!has(self.observers) || ({observers} >= 1 && {observers} <= 2)"),
            "observers.replicas must be 1 to 2".to_owned(),
        ),
    ];
    assert_eq!(of_spec, expected);
    let of_shards = rules(&spec["properties"]["shards"]["additionalProperties"]);
    let shards = |of: &str| format!("(has({of}.replicas) ? {of}.replicas : 2)");
    let fixed = (format!("{} == {}", shards("self"), shards("oldSelf")), "replicas stays as it is".to_owned());
    assert!(of_shards.contains(&fixed), "{of_shards:?}");
    let of_nodes = rules(&spec["properties"]["nodes"]["additionalProperties"]);
    let odd = "self.nodeType != 'odd' || (has(self.replicas) ? self.replicas : 1) % 2 == 1";
    assert!(of_nodes.iter().any(|(rule, _)| rule == odd), "{of_nodes:?}");
    // No autoscaler can follow such a rule: there is no field for one.
    let autoscaling = |field: &str| &spec["properties"][field]["properties"]["autoscaling"];
    assert!(autoscaling("voters").is_null() && autoscaling("observers").is_object());
}

#[test]
fn a_number_with_a_rule_is_the_specs_also_where_it_says_none() {
    let spec = json!({ "nodes": { "a": { "nodeType": "odd" }, "b": { "nodeType": "any" } } });
    let spec = (Author::of::<Quorum>().read)(&spec).unwrap();
    let blueprint = built(Author::of::<Quorum>(), &spec).unwrap();
    let scale = |node: &str| blueprint.nodes.iter().find(|it| it.name == node).unwrap().scale;
    assert_eq!((scale("odd-a"), scale("any-b")), (Scale::Fixed(1), Scale::Initial));
}
