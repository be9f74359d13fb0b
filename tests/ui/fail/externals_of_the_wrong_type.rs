use operator_core::prelude::*;

#[derive(DataOperator, Clone, Debug, Serialize, Deserialize, JsonSchema)]
#[operator(group = "example.com", version = "v1", kind = "Cache")]
pub struct CacheSpec {
    #[external(tcp)]
    pub a: Dependencies,
    #[external(http = "/health")]
    pub b: u16,
    #[external(check = not_async)]
    pub c: String,
    #[external(check = missing)]
    pub d: String,
    #[node_type]
    pub servers: NodeSpec,
}

#[derive(Clone, Debug, Serialize, Deserialize, JsonSchema)]
pub struct Dependencies {}

fn not_async(_: String) -> Result<(), String> {
    Ok(())
}

fn main() {
    let _ = Cache::DEFINITION;
}
