//! Names and selectors that the nodes of a type have in common, and a key where there is none.

use operator_core::prelude::*;

#[derive(DataOperator, Clone, Debug, Serialize, Deserialize, JsonSchema)]
#[operator(group = "example.com", version = "v1", kind = "Cache")]
pub struct CacheSpec {
    #[node_type(object_name = "cache-${cluster.name}")]
    pub named: BTreeMap<String, NodeSpec>,
    #[node_type(selector("app", "${cluster.name}"))]
    pub selected: BTreeMap<String, NodeSpec>,
    #[node_type(object_name = "cache-${cluster.name}-${node.key}")]
    pub keyless: NodeSpec,
}

fn main() {}
