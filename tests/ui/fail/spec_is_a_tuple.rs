use operator_core::prelude::*;

#[derive(DataOperator, Clone, Debug, Serialize, Deserialize, JsonSchema)]
#[operator(group = "example.com", version = "v1", kind = "Cache")]
pub struct CacheSpec(pub NodeSpec);

fn main() {
    let _ = Cache::DEFINITION;
}
