use operator_core::prelude::*;

#[derive(DataOperator, Clone, Debug, Serialize, Deserialize, JsonSchema)]
#[operator(
    group = "example",
    version = "1.0",
    kind = "data-cache",
    shortname = "DC",
    plural = "data_caches",
    root = "Cache"
)]
pub struct CacheSpec {
    #[node_type]
    pub servers: NodeSpec,
}

fn main() {
    let _ = Cache::DEFINITION;
}
