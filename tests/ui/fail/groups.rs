use operator_core::prelude::*;

#[derive(DataOperator, Clone, Debug, Serialize, Deserialize, JsonSchema)]
#[operator(group = "example.com", version = "v1", kind = "Cache")]
pub struct CacheSpec {
    #[operator(config_groups(by = ""))]
    pub a: BTreeMap<String, NodeDefaults>,
    #[operator(app_config_groups(name = "group"))]
    pub b: BTreeMap<String, Server>,
    #[operator(defaults(by = "group"))]
    pub c: NodeDefaults,
    #[operator(deployment_order)]
    pub d: Vec<String>,
    #[node_type]
    pub servers: NodeSpec,
}

#[derive(DataOperator, Clone, Debug, Serialize, Deserialize, JsonSchema)]
#[operator(group = "example.com", version = "v1", kind = "Store")]
pub struct StoreSpec {
    #[operator(config_groups(by = "group"))]
    pub a: BTreeMap<String, NodeDefaults>,
    #[operator(app_config_groups(by = "group"))]
    pub b: BTreeMap<String, Server>,
    #[node_type]
    pub servers: Server,
}

#[node_type]
pub struct Server {}

fn main() {
    let _ = Cache::DEFINITION;
}
