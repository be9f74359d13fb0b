use operator_core::prelude::*;

#[derive(DataOperator, Clone, Debug, Serialize, Deserialize, JsonSchema)]
#[operator(group = "example.com", version = "v1", kind = "Cache")]
pub struct CacheSpec {
    #[secret(env = "A")]
    pub a: String,
    #[secret(env = "B", generate(length = 32))]
    pub b: SecretRef,
    #[node_type]
    pub servers: Server,
}

#[node_type]
pub struct Server {
    #[secret(env = "C")]
    pub c: Properties,
}

fn main() {
    let _ = Cache::DEFINITION;
}
