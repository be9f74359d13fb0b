use operator_core::prelude::*;

#[derive(DataOperator, Clone, Debug, Serialize, Deserialize, JsonSchema)]
#[operator(group = "example.com", version = "v1", kind = "Cache")]
pub struct CacheSpec {
    #[node_types]
    pub one: BTreeMap<String, One>,
    #[node_types]
    pub two: BTreeMap<String, Two>,
    #[node_type(talks_to("server", "srever"))]
    pub gateway: NodeSpec,
    #[secret(env = "PASSWORD", readers("cold"))]
    pub password: SecretRef,
    #[config(file = "a.yaml", mount = "/etc", readers("server"))]
    pub config: Properties,
}

#[node_types]
pub enum One {
    #[node_type(readiness(tcp = "htp"), port(http = 80))]
    Server(NodeSpec),
}

#[node_types]
pub enum Two {
    Gateway(NodeSpec),
    Metrics(Text),
}

#[node_type]
pub struct Text {}

fn main() {
    let _ = Cache::DEFINITION;
}
