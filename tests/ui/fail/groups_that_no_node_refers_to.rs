use operator_core::prelude::*;

#[derive(DataOperator, Clone, Debug, Serialize, Deserialize, JsonSchema)]
#[operator(group = "example.com", version = "v1", kind = "Cache")]
pub struct CacheSpec {
    #[operator(config_groups(by = "group"))]
    pub a: BTreeMap<String, NodeDefaults>,
    #[operator(app_config_groups)]
    pub b: BTreeMap<String, Server>,
    #[node_type]
    pub servers: Server,
}

#[node_type]
pub struct Server {}

fn main() {
    let _ = Cache::DEFINITION;
}
