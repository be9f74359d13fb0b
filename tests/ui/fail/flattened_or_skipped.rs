use operator_core::prelude::*;

#[derive(DataOperator, Clone, Debug, Serialize, Deserialize, JsonSchema)]
#[operator(group = "example.com", version = "v1", kind = "Cache")]
pub struct CacheSpec {
    #[node_type]
    #[serde(flatten)]
    pub servers: NodeSpec,
    #[config(file = "cache.json", mount = "/etc/cache", format = json)]
    #[serde(skip)]
    pub config: Properties,
    #[operator(image)]
    #[serde(rename(serialize = "image", deserialize = "picture"))]
    pub image: String,
}

fn main() {
    let _ = Cache::DEFINITION;
}
