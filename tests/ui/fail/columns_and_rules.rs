use operator_core::prelude::*;

#[derive(DataOperator, Clone, Debug, Serialize, Deserialize, JsonSchema)]
#[operator(group = "example.com", version = "v1", kind = "Cache")]
#[operator(printcolumn(name = "Image", type = "str", json_path = "$.spec.image"))]
#[operator(printcolumn(name = "Image", type = "string", json_path = ".spec.image", priority = -1))]
#[operator(printcolumn(title = "Image"))]
#[operator(validation(rule = "", message = ""), validation(rule = "true"))]
pub struct CacheSpec {
    #[node_type]
    pub servers: NodeSpec,
}

fn main() {
    let _ = Cache::DEFINITION;
}
