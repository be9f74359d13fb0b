use operator_core::prelude::*;

#[derive(DataOperator, Clone, Debug, Serialize, Deserialize, JsonSchema)]
#[operator(group = "example.com", version = "v1", kind = "Cache")]
pub struct CacheSpec {
    #[node_type]
    pub servers: Server,
    #[config(file = "cache.json", mount = "/etc/cache", format = json)]
    pub common: Properties,
    #[config(file = "motd", mount = "/etc/cache", format = raw)]
    pub motd: String,
    #[node_type]
    pub merged: Merged,
    #[node_type]
    pub texts: Text,
    #[node_type]
    pub reloaded: Reloaded,
}

#[node_type]
pub struct Server {
    #[config(file = "cache.json", mount = "/etc/cache", format = yaml)]
    pub own: Properties,
}

#[node_type]
pub struct Merged {
    #[config(file = "cache.json", mount = "/etc/cache", format = json)]
    pub own: Properties,
}

#[node_type]
pub struct Text {
    #[config(file = "motd", mount = "/etc/cache", format = raw)]
    pub own: String,
}

#[node_type]
pub struct Reloaded {
    #[config(file = "cache.json", mount = "/etc/cache", format = json, reload = none)]
    pub own: Properties,
}

fn main() {
    let _ = Cache::DEFINITION;
}
