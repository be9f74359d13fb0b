use operator_core::prelude::*;

#[derive(DataOperator, Clone, Debug, Serialize, Deserialize, JsonSchema)]
#[operator(group = "example.com", version = "v1", kind = "Cache")]
pub struct CacheSpec {
    #[node_type(port(http = 8080))]
    pub servers: NodeSpec,
    #[node_type]
    pub many: BTreeMap<String, NodeSpec>,
    #[node_type]
    pub one: Field,
    #[node_type]
    pub two: External,
    #[node_type(env(URL = "${service.servers.grpc}"))]
    pub three: NodeSpec,
    #[node_type(args("${service.many.http}"))]
    pub four: NodeSpec,
    /// The field's arguments stand instead of the type's.
    #[node_type(args("none"))]
    pub five: External,
}

#[node_type(env(URL = "http://${service.serves.http}"))]
pub struct Field {}

#[node_type(args("--zookeeper", "${external.zookeeper}"))]
pub struct External {}

fn main() {
    let _ = Cache::DEFINITION;
}
