use operator_core::prelude::*;

#[derive(DataOperator, Clone, Debug, Serialize, Deserialize, JsonSchema)]
#[operator(group = "example.com", version = "v1", kind = "Cache")]
pub struct CacheSpec {
    #[node_type(
        port(name = "http", number = 80),
        port(name = "http", number = 81),
        port(name = "admin", number = 80),
        port(name = "Metrics_Port", number = 0),
        port(name = "a-name-that-is-too-long", number = 70000),
        port(number = 82),
        port(name = "rpc")
    )]
    pub servers: NodeSpec,
}

fn main() {
    let _ = Cache::DEFINITION;
}
