use operator_core::prelude::*;

#[derive(DataOperator, Clone, Debug, Serialize, Deserialize, JsonSchema)]
#[operator(group = "example.com", version = "v1", kind = "Cache")]
pub struct CacheSpec {
    #[node_type(workload = Deployment, storage(data = "/data", size = "50Gi"))]
    pub servers: NodeSpec,
    #[node_type(workload = Job, storage(data = "/data", size = "50Gi"))]
    pub setup: NodeSpec,
}

fn main() {
    let _ = Cache::DEFINITION;
}
