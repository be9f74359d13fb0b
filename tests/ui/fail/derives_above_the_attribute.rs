use operator_core::prelude::*;

#[derive(Clone, PartialEq)]
#[node_type]
pub struct Server {
    pub heap: String,
}

fn main() {}
