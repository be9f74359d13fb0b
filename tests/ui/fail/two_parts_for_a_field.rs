use operator_core::prelude::*;

#[derive(DataOperator, Clone, Debug, Serialize, Deserialize, JsonSchema)]
#[operator(group = "example.com", version = "v1", kind = "Cache")]
pub struct CacheSpec {
    #[node_type(order = 1)]
    #[node_type(workload = Deployment)]
    pub one: NodeSpec,
    #[config(file = "cache.json", mount = "/etc/cache", format = json)]
    #[node_type]
    pub two: NodeSpec,
    #[operator(image)]
    #[config(file = "image", mount = "/etc/cache", format = raw)]
    pub image: String,
    #[operator(defaults, config_groups)]
    pub defaults: NodeDefaults,
    #[operator]
    pub nothing: NodeDefaults,
}

fn main() {
    let _ = Cache::DEFINITION;
}
