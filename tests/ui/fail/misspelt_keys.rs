use operator_core::prelude::*;

#[derive(DataOperator, Clone, Debug, Serialize, Deserialize, JsonSchema)]
#[operator(group = "example.com", version = "v1", kind = "Cache", shortnme = "ca", colour = "red")]
pub struct CacheSpec {
    #[node_type(ordr = 1, prt(http = 80), storage(a = "/a", siz = "1Gi"))]
    pub servers: NodeSpec,
    #[config(file = "a.json", mont = "/etc/a", format = json)]
    pub a: Properties,
    #[operator(defalts)]
    pub defaults: NodeDefaults,
}

fn main() {
    let _ = Cache::DEFINITION;
}
