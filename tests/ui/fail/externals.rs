use operator_core::prelude::*;

#[derive(DataOperator, Clone, Debug, Serialize, Deserialize, JsonSchema)]
#[operator(group = "example.com", version = "v1", kind = "Cache")]
pub struct CacheSpec {
    #[external]
    pub a: String,
    #[external(tcp, http = "/health")]
    pub b: String,
    #[external(tcp = true, nme = "c")]
    pub c: String,
    #[external(http = "health", name = "Metadata_Store")]
    pub d: String,
    #[external(at = "zookeeper.", tcp)]
    #[external(at = "database", tcp)]
    pub e: Dependencies,
    #[external(check = "a b")]
    #[node_type]
    pub servers: NodeSpec,
}

#[derive(Clone, Debug, Serialize, Deserialize, JsonSchema)]
pub struct Dependencies {}

fn main() {
    let _ = Cache::DEFINITION;
}
