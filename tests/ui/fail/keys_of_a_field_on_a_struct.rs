use operator_core::prelude::*;

#[node_type(name = "server", order = 1)]
pub struct Server {
    #[operator(image)]
    pub picture: String,
    #[external(tcp)]
    pub zookeeper: String,
}

fn main() {}
