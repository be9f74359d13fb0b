use operator_core::prelude::*;

#[derive(DataOperator, Clone, Debug, Serialize, Deserialize, JsonSchema)]
#[operator(group = "example.com", version = "v1", kind = "Cache")]
pub struct CacheSpec {
    #[node_type(defaults = no_defaults)]
    pub servers: NodeSpec,
}

fn no_defaults() -> NodeSpec {
    NodeSpec::default()
}

fn main() {
    let _ = Cache::DEFINITION;
}
