use operator_core::prelude::*;

#[derive(DataOperator, Clone, Debug, Serialize, Deserialize, JsonSchema)]
#[operator(group = "example.com", version = "v1", kind = "Cache")]
pub struct CacheSpec {
    #[node_type(
        port(http = 80),
        port(http = 81),
        port(admin = 80),
        port(Metrics_Port = 0),
        port(a_name_that_is_too_long = 70000),
        port(number = 82),
        port(name = "rpc"),
        port(rpc = "9000"),
        port(gossip = 7946, protocl = UDP),
        port(dns = 53, protocol = SCTP),
        port()
    )]
    pub servers: NodeSpec,
}

fn main() {
    let _ = Cache::DEFINITION;
}
