use operator_core::prelude::*;

#[derive(DataOperator, Clone, Debug, Serialize, Deserialize, JsonSchema)]
#[operator(group = "example.com", version = "v1", kind = "Cache")]
pub struct CacheSpec {
    #[node_type]
    pub servers: NodeSpec,
    #[config(file = "a.json", mount = "/etc/cache", format = jsn)]
    pub a: Properties,
    #[config(file = "b.conf", mount = "/etc/cache")]
    pub b: Properties,
    #[config(file = "c.conf", mount = "/etc/cache", format = hocon, reload = no)]
    pub c: Properties,
    #[config(file = "log4j2.xml", mount = "/etc/cache")]
    pub x: Properties,
    #[config]
    pub d: Properties,
}

fn main() {
    let _ = Cache::DEFINITION;
}
