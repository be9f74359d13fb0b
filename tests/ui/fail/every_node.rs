use operator_core::prelude::*;

#[derive(DataOperator, Clone, Debug, Serialize, Deserialize, JsonSchema)]
#[operator(group = "example.com", version = "v1", kind = "Cache")]
#[operator(every_node(
    name = "server",
    order = 1,
    run_as(usr = 1000),
    env(A = "${service.server}", B = "${clustr.name}"),
    talks_to("server"),
    empty_dir("/tmp")
))]
pub struct CacheSpec {
    #[node_type]
    pub servers: NodeSpec,
}

fn main() {
    let _ = Cache::DEFINITION;
}
