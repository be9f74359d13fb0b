use operator_core::prelude::*;

#[node_type(port(http = 80), readiness(http = "/ready", port = "htpp"), liveness(tcp = "metrics"))]
pub struct Server {}

#[node_type(readiness(tcp = "http"))]
pub struct Portless {}

fn main() {}
