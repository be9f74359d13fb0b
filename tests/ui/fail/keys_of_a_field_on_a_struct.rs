use operator_core::prelude::*;

#[node_type(name = "server", order = 1)]
pub struct Server {
    #[operator(image)]
    pub image: String,
}

fn main() {}
