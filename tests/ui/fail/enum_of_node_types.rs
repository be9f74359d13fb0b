use operator_core::prelude::*;

#[derive(DataOperator, Clone, Debug, Serialize, Deserialize, JsonSchema)]
#[operator(group = "example.com", version = "v1", kind = "Cache")]
pub struct CacheSpec {
    #[node_type(name = "a")]
    #[node_type(name = "b")]
    pub twice: BTreeMap<String, NodeSpec>,
    #[node_types(tag = "role")]
    pub tagged: BTreeMap<String, Node>,
}

#[node_types(tags = "role")]
pub enum Misspelt {
    Server(NodeSpec),
}

#[node_types]
pub enum Node {
    Unit,
    Named { node: NodeSpec },
    Two(NodeSpec, NodeSpec),
    #[node_type(name = "Hot_Tier")]
    A(NodeSpec),
    #[node_type(port(http = 1))]
    #[node_type(order = 1)]
    B(NodeSpec),
    #[node_type(name = "b")]
    C(NodeSpec),
    #[node_type(copies = self.shards)]
    D(NodeSpec),
}

#[node_types]
#[serde(tag = "type", rename_all = "camelCase")]
pub enum Written<T> {
    Server(T),
}

#[node_types]
pub enum Empty {}

#[node_types]
pub struct Struct {}

#[node_type]
pub enum Enum {
    Server(NodeSpec),
}

fn main() {}
