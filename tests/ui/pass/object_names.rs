//! Names of objects and of the container, and selectors: of every node, and of one type.

use operator_core::prelude::*;

#[derive(DataOperator, Clone, Debug, Serialize, Deserialize, JsonSchema)]
#[operator(group = "example.com", version = "v1", kind = "Cache")]
#[operator(every_node(
    object_name = "c-${cluster.name}-${node.type}-${node.key}",
    container = "main",
    selector("example.com/app", "${cluster.name}"),
    selector("tier", "${node.type}.${node.key}")
))]
pub struct CacheSpec {
    #[node_type]
    pub servers: BTreeMap<String, NodeSpec>,
    #[node_type(object_name = "${cluster.name}", selector("app", "${cluster.name}"))]
    pub proxy: NodeSpec,
}

fn main() {
    let [servers, proxy] = Cache::DEFINITION.node_types else { unreachable!() };
    assert_eq!((servers.container(), proxy.object_name()), ("main", Some("${cluster.name}")));
    assert_eq!(proxy.selector(), [("app", "${cluster.name}")]);
}
