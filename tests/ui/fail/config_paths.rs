use operator_core::prelude::*;

#[derive(DataOperator, Clone, Debug, Serialize, Deserialize, JsonSchema)]
#[operator(group = "example.com", version = "v1", kind = "Cache")]
pub struct CacheSpec {
    #[node_type]
    pub servers: NodeSpec,
    #[config(file = "a.json", mount = "etc/cache", format = json)]
    pub a: Properties,
    #[config(file = "conf/b.json", mount = "/etc/cache", format = json)]
    pub b: Properties,
    #[config(file = "c.json", mount = "/etc/cache/", format = json)]
    pub c: Properties,
    #[config(file = "d e.json", mount = "/etc/../cache", format = json)]
    pub d: Properties,
    #[config(file = "e.json", mount = "/", format = json)]
    pub e: Properties,
}

fn main() {
    let _ = Cache::DEFINITION;
}
