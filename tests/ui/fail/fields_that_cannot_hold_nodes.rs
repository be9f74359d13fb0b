use operator_core::prelude::*;

#[derive(DataOperator, Clone, Debug, Serialize, Deserialize, JsonSchema)]
#[operator(group = "example.com", version = "v1", kind = "Cache")]
pub struct CacheSpec {
    #[node_type]
    pub one: String,
    #[node_type]
    pub two: Vec<String>,
    #[node_type]
    pub three: Plain,
}

#[derive(Clone, Debug, Serialize, Deserialize, JsonSchema)]
pub struct Plain {}

fn main() {
    let _ = Cache::DEFINITION;
}
