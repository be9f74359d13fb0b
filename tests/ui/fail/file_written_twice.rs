use operator_core::prelude::*;

#[derive(DataOperator, Clone, Debug, Serialize, Deserialize, JsonSchema)]
#[operator(group = "example.com", version = "v1", kind = "Cache")]
pub struct CacheSpec {
    #[node_type]
    pub servers: NodeSpec,
    #[config(file = "cache.json", mount = "/etc/cache", format = "json")]
    pub a: Properties,
    #[config(file = "cache.json", mount = "/etc/cache", format = "json")]
    pub b: Properties,
}

fn main() {
    let _ = Cache::DEFINITION;
}
