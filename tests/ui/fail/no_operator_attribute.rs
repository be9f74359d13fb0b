use operator_core::prelude::*;

#[derive(DataOperator, Clone, Debug, Serialize, Deserialize, JsonSchema)]
pub struct CacheSpec {
    #[node_type]
    pub servers: NodeSpec,
}

fn main() {
    let _ = Cache::DEFINITION;
}
