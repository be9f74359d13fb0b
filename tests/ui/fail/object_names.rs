//! Names of objects and selectors that several clusters or nodes would have, or that can't be names.

use operator_core::prelude::*;

#[derive(DataOperator, Clone, Debug, Serialize, Deserialize, JsonSchema)]
#[operator(group = "example.com", version = "v1", kind = "Cache")]
pub struct CacheSpec {
    #[node_type(object_name = "cache-${node.key}", container = "Cache")]
    pub all: BTreeMap<String, NodeSpec>,
    #[node_type(object_name = "${cluster.name}-${service.all}")]
    pub other: NodeSpec,
    #[node_type(object_name = "${cluster.name}_x")]
    pub under: NodeSpec,
    #[node_type(selector("app", "cache"), selector("app", "x"), selector("a b", "${cluster.nam}"))]
    pub selected: NodeSpec,
    #[node_type(object_name = "${cluster.name}-", selector("app.kubernetes.io/name", "${cluster.name}"))]
    pub ends: NodeSpec,
    #[node_type(selector("app"))]
    pub half: NodeSpec,
}

fn main() {}
