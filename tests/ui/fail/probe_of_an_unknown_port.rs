use operator_core::prelude::*;

#[node_type(port(name = "http", number = 80), readiness(http = "/ready", port = "htpp"), liveness(tcp = "metrics"))]
pub struct Server {}

#[node_type(readiness(tcp = "http"))]
pub struct Portless {}

fn main() {}
