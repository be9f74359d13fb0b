use operator_core::prelude::*;

#[node_type(port(http = 80))]
pub enum Server {
    Small,
    Large,
}

fn main() {
    let _ = Server::Small;
}
