use operator_core::prelude::*;

#[derive(DataOperator, Clone, Debug, Serialize, Deserialize, JsonSchema)]
#[operator(group = "example.com", version = "v1", kind = "Cache")]
pub struct CacheSpec {
    #[node_type]
    pub without_names: Vec<NodeSpec>,
    #[node_type]
    pub enums: BTreeMap<String, Node>,
    #[node_types]
    pub structs: BTreeMap<String, NodeSpec>,
}

#[node_types]
pub enum Node {
    A(NodeSpec),
}

fn main() {
    let _ = Cache::DEFINITION;
}
