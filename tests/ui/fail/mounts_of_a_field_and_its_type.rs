use operator_core::prelude::*;

#[derive(DataOperator, Clone, Debug, Serialize, Deserialize, JsonSchema)]
#[operator(group = "example.com", version = "v1", kind = "Cache")]
pub struct CacheSpec {
    #[config(file = "cache.json", mount = "/etc/cache", format = json)]
    pub common: Properties,
    #[node_type(storage(more = "/data", size = "1Gi"))]
    pub one: Server,
    #[node_type(storage(more = "/etc/server", size = "1Gi"))]
    pub two: Server,
    #[node_type(storage(more = "/etc/cache", size = "1Gi"))]
    pub three: Server,
}

#[node_type(storage(data = "/data", size = "50Gi"))]
pub struct Server {
    #[config(file = "server.json", mount = "/etc/server", format = json)]
    pub own: Properties,
}

fn main() {
    let _ = Cache::DEFINITION;
}
