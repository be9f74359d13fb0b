use operator_core::prelude::*;

#[derive(DataOperator, Clone, Debug, Serialize, Deserialize, JsonSchema)]
#[operator(group = "example.com", version = "v1", kind = "Cache")]
pub struct CacheSpec {
    #[node_type(
        storage(data = "/data", size = "50Gi"),
        storage(data = "/more", size = "50GB"),
        storage(Big_Data = "/data", size = "10Gi"),
        storage(logs = "logs", size = "0"),
        storage(wal = "/wal", size = "1Gi"),
        storage(size = "1Gi"),
        storage(wal = "/wal", siz = "1Gi"),
        storage(a = "/a", b = "/b", size = "1Gi")
    )]
    pub servers: NodeSpec,
}

fn main() {
    let _ = Cache::DEFINITION;
}
