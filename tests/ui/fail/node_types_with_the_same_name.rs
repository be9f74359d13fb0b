use operator_core::prelude::*;

#[derive(DataOperator, Clone, Debug, Serialize, Deserialize, JsonSchema)]
#[operator(group = "example.com", version = "v1", kind = "Cache")]
pub struct CacheSpec {
    #[node_type]
    pub servers: NodeSpec,
    #[node_type(name = "servers")]
    pub clients: NodeSpec,
    #[node_type(name = "Hot_Tier")]
    pub hot: NodeSpec,
}

fn main() {
    let _ = Cache::DEFINITION;
}
