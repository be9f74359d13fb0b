use operator_core::prelude::*;

#[derive(DataOperator, Clone, Debug, Serialize, Deserialize, JsonSchema)]
#[operator(group = "example.com", version = "v1", kind = "Cache")]
#[operator(annotation = "owner=me", annotation(owner = "me"), label("team"), label("Example.com/team", "the data team"))]
#[operator(annotation("owner", "me"), annotation("owner", "you"), annotation("my owner", "me"))]
#[operator(served = "no", storage(false), deprecated = true)]
#[operator(scale(spec_replicas_path = "spec.servers.replicas", status_replicas_path = ".status.nodes[0].replicas"))]
#[operator(selectable = ".metadata.name", selectable = ".spec.teir", selectable = ".spec.tier", selectable = ".spec.tier")]
#[operator(printcolumn(name = "Tier", type = "string", json_path = ".spec.tear"))]
#[operator(derive = "PartialEq", attr = "must_use")]
#[operator(namespaced, status = "CacheStatus", doc = "A cache.", schema = "disabled", crates(kube_core = "kube"))]
pub struct CacheSpec {
    pub tier: String,
    #[node_type]
    pub servers: NodeSpec,
}

#[derive(DataOperator, Clone, Debug, Serialize, Deserialize, JsonSchema)]
#[operator(group = "example.com", version = "v1", kind = "Store", deprecated = "", scale(replicas = ".spec.replicas"))]
#[operator(selectable = ".spec.labels['a']", depricated)]
pub struct StoreSpec {
    #[node_type]
    pub servers: NodeSpec,
}

fn main() {
    let _ = (Cache::DEFINITION, Store::DEFINITION);
}
