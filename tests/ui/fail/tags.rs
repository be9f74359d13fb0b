use operator_core::prelude::*;

#[derive(DataOperator, Clone, Debug, Serialize, Deserialize, JsonSchema)]
#[operator(group = "example.com", version = "v1", kind = "Cache")]
pub struct CacheSpec {
    #[node_types]
    pub tag_in_list: Vec<Named<NamedByTag>>,
    #[node_types]
    pub name_in_list: Vec<Named<WithName>>,
    #[node_type]
    pub items: Vec<Named<Item>>,
    #[secret(env = "PASSWORD", readers("a"))]
    pub one: SecretRef,
    #[secret(env = "PASSWORD", readers("b"))]
    pub other: SecretRef,
}

#[node_types(tag = "name")]
pub enum NamedByTag {
    A(NodeSpec),
}

#[node_types]
pub enum WithName {
    B(Item),
}

#[node_types(tag = "image")]
pub enum OfEveryNode {
    C(NodeSpec),
}

#[node_types]
pub enum Twice {
    D(WithTag),
}

#[node_type]
pub struct Item {
    pub name: String,
}

#[node_type]
pub struct WithTag {
    pub node_type: String,
}

fn main() {
    let _ = Cache::DEFINITION;
}
