use operator_core::prelude::*;

#[derive(DataOperator, Clone, Debug, Serialize, Deserialize, JsonSchema)]
#[operator(group = "example.com", version = "v1", kind = "Cache")]
pub struct CacheSpec {
    #[node_type(
        empty_dirs("/tmp", "/tmp", "var/run", "/", "/data"),
        storage(data = "/data", size = "1Gi")
    )]
    pub servers: NodeSpec,
    #[node_type]
    pub clients: Client,
}

#[node_type(empty_dirs("/etc/client"))]
pub struct Client {
    #[config(file = "client.json", mount = "/etc/client", format = json)]
    pub own: Properties,
}

fn main() {
    let _ = Cache::DEFINITION;
}
