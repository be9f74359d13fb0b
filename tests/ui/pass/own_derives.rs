//! The author derives some of the traits that `#[node_type]` would add, and others, and sets serde's crate.

use operator_core::prelude::*;

#[node_type(port(http = 8080))]
#[derive(Clone, Default, PartialEq, serde::Serialize, serde::Deserialize)]
#[serde(crate = "serde", rename_all = "PascalCase", default)]
pub struct Worker {
    #[serde(skip_serializing_if = "Option::is_none")]
    pub heap: Option<String>,
}

#[derive(DataOperator, Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[operator(
    group = "example.com",
    version = "v1",
    kind = "Farm"
)]
#[derive(Default)]
pub struct FarmSpec {
    #[node_type]
    pub workers: Worker,
}

fn main() {
    assert_eq!(Farm::new("one", FarmSpec::default()), Farm::new("one", FarmSpec::default()));
    let worker = Worker { heap: Some("1g".into()), node: NodeSpec { replicas: Some(3), ..NodeSpec::default() } };
    assert_eq!(serde_json::to_value(&worker).unwrap(), serde_json::json!({ "Heap": "1g", "replicas": 3 }));
    assert_eq!(Farm::default().spec.workers, Worker::default());
}
