use operator_core::prelude::*;

#[node_type(storage(data = "/etc/server", size = "50Gi"))]
pub struct Server {
    #[config(file = "server.json", mount = "/etc/server", format = json)]
    pub own: Properties,
}

fn main() {}
