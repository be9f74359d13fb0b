//! What all node types have in common is said once; a type's own attributes are over it, and a field's over those.

use operator_core::{
    definition::{RunAs, Workload},
    prelude::*,
};

const HTTP: u16 = 8080;

#[derive(DataOperator, Clone, Debug, Serialize, Deserialize, JsonSchema)]
#[operator(group = "example.com", version = "v1", kind = "Search")]
#[operator(every_node(
    workload = Deployment,
    port(http = HTTP, admin = 9090),
    args("${node.type}"),
    env(HOME = "/search", ROLE = "${node.type}"),
    run_as(user = 1000),
    empty_dirs("/tmp"),
    readiness(http = "/ready")
))]
pub struct SearchSpec {
    #[node_type]
    pub gateway: NodeSpec,
    #[node_type(env(HOME = "/data"), run_as(user = 2000), empty_dirs("/cache"))]
    pub index: Index,
}

#[node_type(workload = StatefulSet, port(http = 8081), args("index"), env(HOME = "/index"), storage(data = "/data", size = "1Gi"))]
pub struct Index {}

fn main() {
    let [gateway, index] = Search::DEFINITION.node_types else { panic!() };
    let numbers = |ports: Vec<operator_core::definition::Port>| ports.iter().map(|port| port.number).collect::<Vec<_>>();
    assert_eq!(gateway.workload(), Workload::Deployment);
    assert_eq!(gateway.args(), ["${node.type}"]);
    assert_eq!(numbers(gateway.ports()), [8080, 9090]);
    assert_eq!(gateway.env(), [("HOME", "/search"), ("ROLE", "${node.type}")]);

    assert_eq!(index.workload(), Workload::StatefulSet);
    assert_eq!(index.args(), ["index"]);
    assert_eq!(numbers(index.ports()), [8081, 9090]);
    assert_eq!(index.env(), [("HOME", "/data"), ("ROLE", "${node.type}")]);
    assert_eq!(index.says(|layer| layer.run_as), Some(RunAs { user: 2000, group: 2000 }));
    assert_eq!(index.empty_dirs(), ["/tmp", "/cache"]);
    assert!(index.says(|layer| layer.readiness).is_some());
}
