//! The least that is an operator: one node type, everything else by default.

use operator_core::prelude::*;

#[derive(DataOperator, Clone, Debug, Serialize, Deserialize, JsonSchema)]
#[operator(group = "example.com", version = "v1", kind = "Cache")]
pub struct CacheSpec {
    #[node_type]
    pub servers: NodeSpec,
}

fn main() {
    assert_eq!(Cache::DEFINITION.plural, "caches");
    assert_eq!(Cache::DEFINITION.singular, "cache");
    assert_eq!(Cache::DEFINITION.node_types[0].name, "servers");
}
