use operator_core::prelude::*;

const HTTP: u16 = 8080;

#[derive(DataOperator, Clone, Debug, Serialize, Deserialize, JsonSchema)]
#[operator(group = "example.com", version = "v1", kind = "Cache")]
#[operator(every_node(port(http = HTTP), empty_dirs("/data"), storage(logs = "/logs", size = "1Gi")))]
pub struct CacheSpec {
    #[node_type(port(admin = 8080))]
    pub numbers: NodeSpec,
    #[node_type(port(admin = 8081), storage(data = "/data", size = "1Gi"))]
    pub folders: NodeSpec,
    #[node_type(workload = Deployment)]
    pub deployments: NodeSpec,
    #[node_type(port(rpc = NONE))]
    pub zero: NodeSpec,
}

const NONE: u16 = 0;

fn main() {
    let _ = Cache::DEFINITION;
}
