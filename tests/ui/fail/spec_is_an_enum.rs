use operator_core::prelude::*;

#[derive(DataOperator, Clone, Debug, Serialize, Deserialize, JsonSchema)]
#[operator(group = "example.com", version = "v1", kind = "Cache")]
pub enum CacheSpec {
    Small,
    Large,
}

fn main() {
    let _ = Cache::DEFINITION;
}
