//! Forms that aren't those of the struct.

use operator_core::prelude::*;

#[derive(Clone, Debug, Serialize, Deserialize, JsonSchema)]
pub struct Plain {
    pub members: i32,
}

#[derive(DataOperator, Clone, Debug, Serialize, Deserialize, JsonSchema)]
#[operator(group = "example.com", version = "v1", kind = "Ring", form = Plain)]
pub struct RingSpec {
    #[node_type(name = "member")]
    pub members: NodeSpec,
}

#[derive(DataOperator, Clone, Debug, Serialize, Deserialize, JsonSchema)]
#[operator(group = "example.com", version = "v1", kind = "Chain", form = OfRing)]
pub struct ChainSpec {
    #[node_type(name = "member")]
    pub members: NodeSpec,
}

#[derive(Clone, Debug, Serialize, Deserialize, JsonSchema)]
pub struct OfRing;

impl Form for OfRing {
    type Spec = RingSpec;

    fn spec(self, _: &Identity) -> Result<Formed<RingSpec>, Vec<Invalid>> {
        unimplemented!()
    }
}

fn main() {}
