use operator_core::prelude::*;

#[derive(DataOperator, Clone, Debug, Serialize, Deserialize, JsonSchema)]
#[operator(group = "example.com", version = "v1", kind = "Cache")]
pub struct CacheSpec {
    #[config(file = "cache.json", mount = "/etc/cache", format = json)]
    pub common: Properties,
    #[node_type(empty_dirs("/data", "/tmp"))]
    pub one: Server,
    #[node_type(empty_dirs("/etc/cache"))]
    pub two: NodeSpec,
    #[node_type(empty_dirs("/etc/server"))]
    pub three: Server,
}

#[node_type(storage(data = "/data", size = "50Gi"), empty_dirs("/tmp"))]
pub struct Server {
    #[config(file = "server.json", mount = "/etc/server", format = json)]
    pub own: Properties,
}

fn main() {
    let _ = Cache::DEFINITION;
}
