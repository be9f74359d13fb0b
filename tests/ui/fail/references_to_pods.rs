use operator_core::prelude::*;

#[derive(DataOperator, Clone, Debug, Serialize, Deserialize, JsonSchema)]
#[operator(group = "example.com", version = "v1", kind = "Cache")]
pub struct CacheSpec {
    #[node_type(env(KEY = "${node.key}"))]
    pub one: NodeSpec,
    #[node_type(workload = Deployment, env(ORDINAL = "${pod.ordinal}"))]
    pub deployment: NodeSpec,
}

fn main() {
    let _ = Cache::DEFINITION;
}
