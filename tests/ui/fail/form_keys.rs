//! The key `form` in wrong places, and what isn't a type.

use operator_core::prelude::*;

#[derive(DataOperator, Clone, Debug, Serialize, Deserialize, JsonSchema)]
#[operator(group = "example.com", version = "v1", kind = "Ring", form = "a b")]
pub struct RingSpec {
    #[operator(form = Plain)]
    pub image: String,
    #[node_type(name = "member")]
    pub members: NodeSpec,
}

fn main() {}
