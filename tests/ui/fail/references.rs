use operator_core::prelude::*;

#[derive(DataOperator, Clone, Debug, Serialize, Deserialize, JsonSchema)]
#[operator(group = "example.com", version = "v1", kind = "Cache")]
pub struct CacheSpec {
    #[external(tcp)]
    pub zookeeper: String,
    #[node_type(env(
        A = "${cluster.nam}",
        B = "${node.port} and ${cluster.name}",
        C = "${service.}",
        D = "${service.servers.hot.http}",
        E = "${external.zookeper}",
        F = "${service.server.http}",
        G = "http://${node.name",
        H = "$${cluster.nam} ${user.home}",
        I = "${clustr.name}",
        J = "http://${services.servers.http} ${server.port}"
    ))]
    pub servers: NodeSpec,
    #[node_type]
    pub clients: Client,
}

#[node_type(args("${node.uid}", "${external.a.b}"), command("${service.servers.http}"))]
pub struct Client {}

fn main() {
    let _ = Cache::DEFINITION;
}
