use operator_core::prelude::*;

#[derive(DataOperator, Clone, Debug, Serialize, Deserialize, JsonSchema)]
#[operator(group = "example.com", version = "v1", kind = "Cache")]
pub struct CacheSpec {
    #[node_type(port(admin = 8080))]
    pub servers: Server,
}

#[node_type(port(http = 8080))]
pub struct Server {}

fn main() {
    let _ = Cache::DEFINITION;
}
