use operator_core::prelude::*;

#[derive(DataOperator, Clone, Debug, Serialize, Deserialize, JsonSchema)]
#[operator(group = "example.com", version = "v1", kind = "Cache")]
pub struct CacheSpec {
    #[node_type(env(LOG = "info", LOG = "debug"), config_hash_env = "CONFIG-HASH")]
    pub one: NodeSpec,
    #[node_type(env(name = "LOG", value = "info"))]
    pub two: NodeSpec,
    #[node_type(env(LOG = 1, Größe = "1"), config_hash_env = "LOG")]
    pub three: NodeSpec,
}

fn main() {
    let _ = Cache::DEFINITION;
}
