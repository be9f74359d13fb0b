//! Attributes may refer to other parts of the cluster; what begins otherwise is left alone.

use operator_core::prelude::*;

#[derive(DataOperator, Clone, Debug, Serialize, Deserialize, JsonSchema)]
#[operator(group = "example.com", version = "v1", kind = "Search")]
#[serde(rename_all = "camelCase")]
pub struct SearchSpec {
    #[external(name = "zookeeper", tcp)]
    pub zk: String,
    #[node_type(
        name = "leader",
        port(admin = 9000),
        env(
            URL = "http://${service.leaderNodes.admin}/${cluster.namespace}",
            LITERAL = "$${service.nobody} ${user.home} ${HOME} ${server.port} $${clustr.name} $"
        )
    )]
    pub leader_nodes: Leader,
    #[node_type(args("--join", "${service.leaderNodes.http}"))]
    pub followers: BTreeMap<String, NodeSpec>,
    /// The type's variable names a port that this cluster doesn't have, and is replaced.
    #[node_type(env(TOOL = "none"), command("tool"))]
    pub tool: Option<Tool>,
}

#[node_type(
    port(http = 8080),
    env(ZK = "${external.zookeeper}"),
    args(
        "--name=${node.name}",
        "--type=${node.type}",
        "--of=${node.replicas}",
        "--cluster=${cluster.name}",
        "${service.tool}"
    )
)]
pub struct Leader {}

#[node_type(env(TOOL = "${service.tool.none}"), command("${external.none}"))]
pub struct Tool {}

fn main() {
    let [leader, ..] = Search::DEFINITION.node_types else { panic!() };
    assert_eq!(leader.layers[1].env, [("ZK", "${external.zookeeper}")]);
}
