use operator_core::prelude::*;

#[derive(DataOperator, Clone, Debug, Serialize, Deserialize, JsonSchema)]
#[operator(group = "example.com", version = "v1", kind = "Cache")]
pub struct CacheSpec {
    #[node_type]
    pub data: BTreeMap<String, NodeSpec>,
    #[node_type]
    pub data_hot: NodeSpec,
    #[node_type]
    pub database: NodeSpec,
}

fn main() {
    let _ = Cache::DEFINITION;
}
