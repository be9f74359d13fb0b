use operator_core::prelude::*;

#[derive(DataOperator, Clone, Debug, Serialize, Deserialize, JsonSchema)]
#[operator(group = "example.com", version = "v1", kind = "Cache")]
pub struct CacheSpec {
    #[node_type(name = "a")]
    #[node_type(name = "b", order = 1)]
    pub one: NodeSpec,
    #[node_type]
    pub two: Vec<Item>,
    #[node_type(name = "three")]
    pub three: Vec<NodeSpec>,
    #[node_type(name = "four")]
    #[node_type(name = "four-hot")]
    pub four: Vec<Item>,
}

#[node_type]
pub struct Item {
    pub name: String,
    pub node_type: String,
}

fn main() {
    let _ = Cache::DEFINITION;
}
