use operator_core::prelude::*;

#[derive(DataOperator, Clone, Debug, Serialize, Deserialize, JsonSchema)]
#[operator(group = "example.com", version = "v1", kind = "Cache")]
pub struct CacheSpec {
    #[node_type(
        readiness(period = 5),
        liveness(http = "/live", tcp = "http", port = "http"),
        startup(http = "/started", prot = "http"),
        port(http = 80)
    )]
    pub one: NodeSpec,
    #[node_type(
        readiness(tcp = "http", port = "http"),
        liveness(http = "live", port = "http", timeout = "5s"),
        startup(exec()),
        port(http = 80)
    )]
    pub two: NodeSpec,
}

fn main() {
    let _ = Cache::DEFINITION;
}
