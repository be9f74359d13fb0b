use operator_core::prelude::*;

/// Everything is reported in one go, and nothing that only follows from it: `Druid` and `Historical` are still there.
#[derive(DataOperator, Clone, Debug, Serialize, Deserialize, JsonSchema)]
#[operator(group = "druid", version = "1", shrtname = "dr")]
pub struct DruidSpec {
    #[operator(imag)]
    pub image: String,
    #[config(file = "conf/common.properties", mount = "/opt/druid/conf/", format = propertys)]
    pub common: Properties,
    #[node_type(order = "first", workload = Deploymnt, port(http = 80820))]
    pub brokers: NodeSpec,
    #[node_type(name = "brokers", readiness(http = "ready"))]
    pub historicals: BTreeMap<String, Historical>,
}

#[node_type(
    order = 1,
    storage(segments = "data", size = "50 GB"),
    readiness(http = "/ready", port = "http")
)]
pub struct Historical {
    #[config(file = "runtime.properties", mount = "/etc", frmat = "raw")]
    pub runtime: Properties,
    pub node: String,
}

fn main() {
    let _ = Druid::DEFINITION.node_types;
    let _ = |druid: Druid| druid.spec.historicals["hot"].runtime.clone();
    let _: kube::Api<Druid>;
}
