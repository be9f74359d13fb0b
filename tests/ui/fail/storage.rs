use operator_core::prelude::*;

#[derive(DataOperator, Clone, Debug, Serialize, Deserialize, JsonSchema)]
#[operator(group = "example.com", version = "v1", kind = "Cache")]
pub struct CacheSpec {
    #[node_type(
        storage(name = "data", mount = "/data", size = "50Gi"),
        storage(name = "data", mount = "/more", size = "50GB"),
        storage(name = "Big_Data", mount = "/data", size = "10Gi"),
        storage(name = "logs", mount = "logs", size = "0")
    )]
    pub servers: NodeSpec,
}

fn main() {
    let _ = Cache::DEFINITION;
}
