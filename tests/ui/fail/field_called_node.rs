use operator_core::prelude::*;

#[node_type]
pub struct Server {
    pub node: String,
}

fn main() {}
