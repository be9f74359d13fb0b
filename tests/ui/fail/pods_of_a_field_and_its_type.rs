use operator_core::prelude::*;

#[derive(DataOperator, Clone, Debug, Serialize, Deserialize, JsonSchema)]
#[operator(group = "example.com", version = "v1", kind = "Cache")]
pub struct CacheSpec {
    #[node_type]
    pub one: Server,
    #[node_type(metrics(port = "metrics"))]
    pub two: NodeSpec,
}

#[node_type(talks_to("broker"))]
pub struct Server {}

fn main() {
    let _ = Cache::DEFINITION;
}
