use operator_core::prelude::*;

#[derive(DataOperator, Clone, Debug, Serialize, Deserialize, JsonSchema)]
#[operator(group = "example.com", version = "v1", kind = "Cache")]
pub struct Cache {
    #[node_type]
    pub servers: NodeSpec,
}

fn main() {}
