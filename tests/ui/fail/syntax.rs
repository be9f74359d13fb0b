use operator_core::prelude::*;

#[derive(DataOperator, Clone, Debug, Serialize, Deserialize, JsonSchema)]
#[operator(group: "example.com", version = "v1", kind = "Cache")]
pub struct CacheSpec {
    #[node_type = "servers"]
    pub servers: NodeSpec,
    #[config(file = , mount = "/etc/cache", format = json)]
    pub config: Properties,
}

fn main() {
    let _ = Cache::DEFINITION;
}
