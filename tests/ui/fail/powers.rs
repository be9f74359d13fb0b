use operator_core::prelude::*;

#[derive(DataOperator, Clone, Debug, Serialize, Deserialize, JsonSchema)]
#[operator(group = "example.com", version = "v1", kind = "Cache", allow(everything, host_acces))]
pub struct CacheSpec {
    #[node_type]
    pub servers: NodeSpec,
}

#[derive(DataOperator, Clone, Debug, Serialize, Deserialize, JsonSchema)]
#[operator(group = "example.com", version = "v1", kind = "Store", allow(secrets, secrets, host_access = true))]
#[operator(allow(pod_overrides))]
pub struct StoreSpec {
    #[node_type]
    pub servers: NodeSpec,
}

#[derive(DataOperator, Clone, Debug, Serialize, Deserialize, JsonSchema)]
#[operator(group = "example.com", version = "v1", kind = "Proxy", allow(annotations, secrets = "a"))]
pub struct ProxySpec {
    #[node_type]
    pub servers: NodeSpec,
}

fn main() {
    let _ = (Cache::DEFINITION, Store::DEFINITION, Proxy::DEFINITION);
}
