use operator_core::prelude::*;

#[derive(DataOperator, Clone, Debug, Serialize, Deserialize, JsonSchema)]
#[operator(group = "example.com", version = "v1", kind = "Cache")]
pub struct CacheSpec {
    #[node_type]
    pub servers: NodeSpec,
    #[config(file = "cache.json", mount = "/etc/cache", format = json)]
    pub a: Properties,
    #[config(file = "cache.json", mount = "/etc/cache", format = json)]
    pub b: Properties,
    #[config(file = "cache.json", mount = "/etc/cache", format = yaml)]
    pub c: Properties,
    #[config(file = "cache.json", mount = "/etc/cache", format = json, reload = none)]
    pub d: Properties,
    #[config(file = "cache.txt", mount = "/etc/cache", format = raw)]
    pub e: String,
    #[config(file = "cache.txt", mount = "/etc/cache", format = raw)]
    pub f: String,
}

fn main() {
    let _ = Cache::DEFINITION;
}
