use operator_core::prelude::*;

#[derive(DataOperator, Clone, Debug, Serialize, Deserialize, JsonSchema)]
#[operator(group = "cache.k8s.io", version = "v1", kind = "Cache")]
pub struct CacheSpec {
    #[node_type]
    pub servers: NodeSpec,
}

fn main() {
    let _ = Cache::DEFINITION;
}
