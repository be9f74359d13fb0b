use operator_core::prelude::*;

#[derive(DataOperator, Clone, Debug, Serialize, Deserialize, JsonSchema)]
#[operator(group = "example.com", version = "v1", kind = "Cache")]
pub struct CacheSpec {
    #[node_type(workload = Statefulset)]
    pub one: NodeSpec,
    #[node_type(workload = CronJob)]
    pub two: NodeSpec,
    #[node_type(workload = Job, security = restricted)]
    pub three: NodeSpec,
}

fn main() {
    let _ = Cache::DEFINITION;
}
