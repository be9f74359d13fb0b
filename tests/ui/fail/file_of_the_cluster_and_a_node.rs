use operator_core::prelude::*;

#[derive(DataOperator, Clone, Debug, Serialize, Deserialize, JsonSchema)]
#[operator(group = "example.com", version = "v1", kind = "Cache")]
pub struct CacheSpec {
    #[node_type]
    pub servers: Server,
    #[config(file = "cache.json", mount = "/etc/cache", format = "json")]
    pub common: Properties,
}

#[node_type]
pub struct Server {
    #[config(file = "cache.json", mount = "/etc/cache", format = "json")]
    pub own: Properties,
}

fn main() {
    let _ = Cache::DEFINITION;
}
