use operator_core::prelude::*;

#[derive(DataOperator, Clone, Debug, Serialize, Deserialize, JsonSchema)]
#[operator(group = "example.com", version = "v1", kind = "Cache")]
pub struct CacheSpec {
    #[node_type(workload = Deployment)]
    pub servers: Server,
    #[node_type(workload = DaemonSet)]
    pub agents: Server,
}

#[node_type(storage(data = "/data", size = "50Gi"))]
pub struct Server {}

fn main() {
    let _ = Cache::DEFINITION;
}
