//! Users write something else than the struct: its type stands in a module, and another kind's form is generic.

use operator_core::prelude::*;

#[derive(DataOperator, Clone, Debug, Serialize, Deserialize, JsonSchema)]
#[operator(group = "example.com", version = "v1", kind = "Ring", form = written::Ring)]
#[operator(printcolumn(name = "Members", type = "integer", json_path = ".spec.members"))]
pub struct RingSpec {
    #[node_type(name = "member", image = "ring:1")]
    pub members: NodeSpec,
}

mod written {
    use operator_core::prelude::*;

    #[derive(Clone, Debug, Serialize, Deserialize, JsonSchema)]
    pub struct Ring {
        pub members: i32,
    }

    impl Form for Ring {
        type Spec = super::RingSpec;

        fn spec(self, _: &Identity) -> Result<Formed<super::RingSpec>, Vec<Invalid>> {
            let members = NodeSpec { replicas: Some(self.members), ..NodeSpec::default() };
            Ok(super::RingSpec { members }.into())
        }
    }
}

#[derive(DataOperator, Clone, Debug, Serialize, Deserialize, JsonSchema)]
#[operator(group = "example.com", version = "v1", kind = "Chain", form = ChainForm)]
pub struct ChainSpec {
    #[node_type(name = "member", image = "chain:1")]
    pub members: NodeSpec,
}

type ChainForm = Wrapped<ChainSpec>;

#[derive(Clone, Debug, Serialize, Deserialize, JsonSchema)]
pub struct Wrapped<T> {
    pub inner: T,
}

impl Form for Wrapped<ChainSpec> {
    type Spec = ChainSpec;
    const REFERENCES: bool = true;

    fn spec(self, _: &Identity) -> Result<Formed<ChainSpec>, Vec<Invalid>> {
        let mut formed = Formed::from(self.inner);
        formed.origin("", "inner");
        Ok(formed)
    }
}

fn main() {
    assert_eq!(Ring::new("r", written::Ring { members: 3 }).spec().members, 3);
    operator_core::check::<Ring>().unwrap();
    operator_core::check::<Chain>().unwrap();
}
