use operator_core::prelude::*;

#[derive(DataOperator, Clone, Debug, Serialize, Deserialize, JsonSchema)]
#[operator(group = "example.com", version = "v1", kind = "Cache")]
pub struct CacheSpec {
    #[node_type(crate = operator_core)]
    pub servers: NodeSpec,
    #[operator(image, shortname = "ca")]
    pub image: String,
}

fn main() {
    let _ = Cache::DEFINITION;
}
