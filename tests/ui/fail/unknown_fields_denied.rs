use operator_core::prelude::*;

#[node_type]
#[serde(deny_unknown_fields)]
pub struct Server {
    pub heap: String,
}

fn main() {}
