use operator_core::prelude::*;

#[derive(DataOperator, Clone, Debug, Serialize, Deserialize, JsonSchema)]
#[operator(
    group = "example.com",
    version = "v1",
    kind = "Cache",
    image = "cache:1",
    namespaced,
    status = "CacheStatus"
)]
pub struct CacheSpec {
    #[node_type]
    pub servers: NodeSpec,
    pub image: String,
}

fn main() {
    let _ = Cache::DEFINITION;
}
