//! Rules of the author's own, over a spec that the schema accepts.

use operator_core::prelude::*;

#[derive(DataOperator, Clone, Debug, Serialize, Deserialize, JsonSchema)]
#[operator(group = "example.com", version = "v1", kind = "Ring", validate = RingSpec::wrong)]
pub struct RingSpec {
    #[node_type(name = "member")]
    pub members: BTreeMap<String, NodeSpec>,
}

impl RingSpec {
    fn wrong(&self) -> Vec<Invalid> {
        let is_odd = self.members.len() % 2 == 1;
        let message = format!("there are {}: a ring has an odd number", self.members.len());
        (!is_odd).then(|| Invalid::new("members", message)).into_iter().collect()
    }
}

#[derive(DataOperator, Clone, Debug, Serialize, Deserialize, JsonSchema)]
#[operator(group = "example.com", version = "v1", kind = "Chain", validate = rules::of_chains)]
pub struct ChainSpec {
    #[node_type(name = "member")]
    pub members: BTreeMap<String, NodeSpec>,
}

mod rules {
    use operator_core::prelude::*;

    pub fn of_chains(_: &super::ChainSpec) -> Vec<Invalid> {
        Vec::new()
    }
}

fn main() {
    let wrong = RingSpec::VALIDATE.unwrap();
    let even = RingSpec { members: BTreeMap::new() };
    assert_eq!(wrong(&even)[0].to_string(), "spec.members: there are 0: a ring has an odd number");
    assert!(ChainSpec::VALIDATE.is_some());
}
