//! An operator runs with the stacks that threads have by default, also unoptimised: 2 MiB. What it keeps there must not grow with the kind.

use std::thread;

use operator_core::{
    Cluster, NodeSpec,
    prelude::*,
    state::{Child, Health},
};
use serde_json::{Value, json};

use crate::common::built;

/// A quarter of what there is.
const STACK: usize = 512 * 1024;

/// A data system with many node types, all of them by value.
#[derive(DataOperator, Clone, Debug, Serialize, Deserialize, JsonSchema)]
#[operator(group = "tests.example.com", version = "v1", kind = "Many")]
pub struct ManySpec {
    /// Image of every node.
    #[operator(image)]
    pub image: String,
    /// Settings under every node's own.
    #[operator(defaults)]
    #[serde(default)]
    pub defaults: NodeDefaults,
    /// A node type.
    #[node_type]
    pub a: Typed,
    /// A node type.
    #[node_type]
    pub b: Typed,
    /// A node type.
    #[node_type]
    pub c: Typed,
    /// A node type.
    #[node_type]
    pub d: Typed,
    /// A node type.
    #[node_type]
    pub e: Option<Typed>,
    /// A node type.
    #[node_type]
    pub f: NodeSpec,
    /// A node type.
    #[node_type]
    pub g: NodeSpec,
    /// A node type.
    #[node_type]
    pub h: NodeSpec,
    /// A node type.
    #[node_type]
    pub i: NodeSpec,
    /// A node type.
    #[node_type]
    pub j: Option<NodeSpec>,
}

/// A node type with a field of its own.
#[node_type(port(http = 80), storage(data = "/data", size = "1Gi"))]
pub struct Typed {
    /// What it reads.
    #[config(file = "typed.properties", mount = "/etc/typed")]
    #[serde(default)]
    pub properties: Properties,
}

#[test]
fn a_spec_of_many_node_types_is_read_and_built_on_a_quarter_of_a_threads_stack() {
    let node = json!({ "replicas": 2, "readinessProbe": { "httpGet": { "port": 80 } }, "env": [{ "name": "A", "value": "a" }] });
    let mut spec = json!({ "image": "example.com/many:1", "defaults": { "podLabels": { "a": "b" } } });
    for field in ["a", "b", "c", "d", "e", "f", "g", "h", "i", "j"] {
        spec[field] = node.clone();
    }
    let object =
        json!({ "apiVersion": "tests.example.com/v1", "kind": "Many", "metadata": { "name": "a" }, "spec": spec });
    let text = object.to_string();
    let nodes = thread::Builder::new().stack_size(STACK).spawn(move || {
        let many: Many = serde_json::from_str(&text).unwrap();
        let spec: Value = serde_json::to_value(many.spec()).unwrap();
        let typed: ManySpec = serde_path_to_error::deserialize(&spec).unwrap();
        drop(typed);
        built(Many::DEFINITION, &spec).map(|blueprint| blueprint.nodes.len())
    });
    assert_eq!(nodes.unwrap().join().unwrap().unwrap(), 10);
}

#[test]
fn what_is_held_in_numbers_is_small() {
    assert!(size_of::<NodeSpec>() <= 256, "{}", size_of::<NodeSpec>());
    assert!(size_of::<NodeDefaults>() <= 1536, "{}", size_of::<NodeDefaults>());
    // Of every child of every cluster.
    assert!(size_of::<Child>() <= 144, "{}", size_of::<Child>());
    assert!(size_of::<Health>() <= 80, "{}", size_of::<Health>());
}
