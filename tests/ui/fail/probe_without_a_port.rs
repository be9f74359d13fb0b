use operator_core::prelude::*;

#[derive(DataOperator, Clone, Debug, Serialize, Deserialize, JsonSchema)]
#[operator(group = "example.com", version = "v1", kind = "Cache")]
#[operator(every_node(readiness(http = "/ready")))]
pub struct CacheSpec {
    #[node_type]
    pub without: NodeSpec,
    #[node_type(port(gossip = 7946, protocol = UDP))]
    pub only_udp: NodeSpec,
    #[node_type(port(http = 80), port(gossip = 7946, protocol = UDP), liveness(tcp = "gossip"))]
    pub named: NodeSpec,
    #[node_type(port(gossip = 7946, protocol = UDP), port(http = 80))]
    pub right: NodeSpec,
}

fn main() {
    let _ = Cache::DEFINITION;
}
