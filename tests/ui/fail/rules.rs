use operator_core::prelude::*;

#[derive(DataOperator, Clone, Debug, Serialize, Deserialize, JsonSchema)]
#[operator(group = "example.com", version = "v1", kind = "Cache")]
pub struct CacheSpec {
    #[node_type(
        rule(resources("Pods", "secret", "ConfigMap", "pod/log", ""), verbs("GET", "lst", "read", "")),
        rule(groups("core", "apps/v1"), resources("StatefulSets", "caches", "*"), verbs("get", "*", "deletecollection"))
    )]
    pub servers: NodeSpec,
}

fn main() {
    let _ = Cache::DEFINITION;
}
