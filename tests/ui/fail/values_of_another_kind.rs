use operator_core::prelude::*;

#[derive(DataOperator, Clone, Debug, Serialize, Deserialize, JsonSchema)]
#[operator(group = "example.com", version = 1, kind = "Cache", "shortname", shortname("ca"))]
pub struct CacheSpec {
    #[node_type(name = servers, order = "1", image, port = 80, args = "serve", command(serve), readiness = "/ready")]
    pub servers: NodeSpec,
    #[config(file = 1, mount("/etc"), format = json, with = "a b")]
    pub config: Properties,
    #[operator(image = "cache")]
    pub image: String,
}

fn main() {
    let _ = Cache::DEFINITION;
}
