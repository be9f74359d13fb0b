use operator_core::prelude::*;

#[derive(DataOperator, Clone, Debug, Serialize, Deserialize, JsonSchema)]
#[operator(group = "example.com", version = "v1", kind = "Cache", every_node(replicas = 3))]
pub struct CacheSpec {
    #[node_type(workload = Deployment)]
    pub servers: NodeSpec,
    #[node_type(workload = Job)]
    pub migration: NodeSpec,
    #[node_type(workload = DaemonSet)]
    pub agents: NodeSpec,
}

fn main() {
    let _ = Cache::DEFINITION;
}
