//! Nodes of several types in one field, which each say theirs: in a map, as one node, and under names of the author's.

use operator_core::{
    definition::{Cardinality, Tag},
    prelude::*,
};

#[derive(DataOperator, Clone, Debug, Serialize, Deserialize, JsonSchema)]
#[operator(group = "example.com", version = "v1", kind = "Druid", every_node(run_as(user = 1000)))]
pub struct DruidSpec {
    #[node_types]
    pub nodes: BTreeMap<String, Node>,
    #[node_types]
    pub store: Store,
    #[node_type]
    pub gateway: Option<NodeSpec>,
}

#[node_types]
#[derive(PartialEq)]
pub enum Node {
    #[node_type(order = 1, port(http = 8083))]
    Historical(Historical),
    #[node_type(name = "middlemanager", order = 2, talks_to("gateway", "memory"))]
    #[serde(rename = "middleManager")]
    MiddleManager(NodeSpec),
    DeepStore(NodeSpec),
}

#[node_types(tag = "kind")]
pub enum Store {
    Memory(NodeSpec),
    #[node_type(name = "disk")]
    OnDisk(NodeSpec),
}

#[node_type(port(http = 1))]
#[derive(PartialEq)]
pub struct Historical {
    pub tier: String,
}

fn main() {
    let types = Druid::DEFINITION.node_types;
    let names: Vec<_> = types.iter().map(|one| (one.name, one.tag.map(|tag| tag.value), one.cardinality)).collect();
    assert_eq!(
        names,
        [
            ("gateway", None, Cardinality::Optional),
            ("historical", Some("historical"), Cardinality::Many),
            ("middlemanager", Some("middleManager"), Cardinality::Many),
            ("deep-store", Some("deep-store"), Cardinality::Many),
            ("memory", Some("memory"), Cardinality::One),
            ("disk", Some("disk"), Cardinality::One),
        ]
    );
    assert_eq!(types[4].tag, Some(Tag { field: "kind", value: "memory" }));
    let historical = types[1];
    assert_eq!((historical.order, historical.ports()[0].number), (1, 8083));
    assert!(historical.layers[0].run_as.is_some());

    let node = Node::Historical(Historical { tier: "hot".to_owned(), node: NodeSpec::default() });
    let json = serde_json::to_value(&node).unwrap();
    assert_eq!(json, serde_json::json!({ "nodeType": "historical", "tier": "hot" }));
    assert_eq!(serde_json::from_value::<Node>(json).unwrap(), node);
}
