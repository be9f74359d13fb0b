use operator_core::prelude::*;

#[derive(DataOperator, Clone, Debug, Serialize, Deserialize, JsonSchema)]
#[operator(group = "example.com", version = "v1", kind = "Cache")]
pub struct CacheSpec {
    #[node_type(name = "a")]
    #[node_type(order = 1)]
    #[node_type(name = "a")]
    #[operator(image)]
    pub nodes: Vec<Item>,
}

#[node_type]
pub struct Item {
    pub name: String,
    pub node_type: String,
}

fn main() {
    let _ = Cache::DEFINITION;
}
