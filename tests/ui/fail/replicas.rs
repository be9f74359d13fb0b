//! Rules of a number of pods that say nothing, or that the default breaks.

use operator_core::prelude::*;

#[derive(DataOperator, Clone, Debug, Serialize, Deserialize, JsonSchema)]
#[operator(group = "example.com", version = "v1", kind = "Cache")]
pub struct CacheSpec {
    #[node_type(replicas(default = 2, odd))]
    pub even: NodeSpec,
    #[node_type(replicas(min = 2))]
    pub few: NodeSpec,
    #[node_type(replicas(default = 3))]
    pub plain: NodeSpec,
    #[node_type(replicas(odd, fixd))]
    pub slip: NodeSpec,
    #[node_type(replicas(odd = 3, fixed = 3))]
    pub values: NodeSpec,
}

fn main() {}
