use operator_core::prelude::*;

#[derive(DataOperator, Clone, Debug, Serialize, Deserialize, JsonSchema)]
#[operator(group = "example.com", version = "v1", kind = "Cache")]
pub struct CacheSpec {
    #[operator(image)]
    pub image: u32,
    #[operator(defaults)]
    pub defaults: NodeSpec,
    #[operator(config_groups)]
    pub groups: Vec<NodeDefaults>,
    #[operator(app_config_groups(by = "image"))]
    pub app_groups: Vec<Properties>,
    #[operator(deployment_order)]
    pub order: BTreeMap<String, i32>,
    #[node_type]
    pub servers: NodeSpec,
}

fn main() {
    let _ = Cache::DEFINITION;
}
