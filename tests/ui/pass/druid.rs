//! The operator of the guide.

use operator_core::{definition::Cardinality, prelude::*};

/// An Apache Druid cluster.
#[derive(DataOperator, Clone, Debug, Serialize, Deserialize, JsonSchema)]
#[operator(group = "druid.example.com", version = "v1alpha1", kind = "Druid", shortname = "dr")]
#[serde(rename_all = "camelCase")]
pub struct DruidSpec {
    /// Image of every node that doesn't set its own.
    #[operator(image)]
    pub image: String,

    /// Properties that every node type reads.
    #[config(file = "common.runtime.properties", mount = "/opt/druid/conf/_common")]
    pub common: Properties,

    /// Settings under every node's own, and named groups that nodes refer to.
    #[operator(defaults)]
    #[serde(default)]
    pub defaults: NodeDefaults,
    #[operator(config_groups)]
    #[serde(default)]
    pub config_groups: BTreeMap<String, NodeDefaults>,

    #[node_type(order = 1)]
    #[serde(default)]
    pub historicals: BTreeMap<String, Historical>,

    #[node_type(order = 2, workload = Deployment, port(http = 8082), args("broker"))]
    pub brokers: NodeSpec,

    #[node_type(order = 3, workload = Deployment, port(http = 8888), args("router"))]
    pub routers: Option<NodeSpec>,
}

/// Serves segments from local disk.
#[node_type(
    workload = StatefulSet,
    port(http = 8083),
    args("historical"),
    storage(segments = "/druid/data", size = "50Gi"),
    readiness(http = "/druid/historical/v1/readiness", port = "http")
)]
pub struct Historical {
    #[config(file = "runtime.properties", mount = "/opt/druid/conf/historical")]
    pub runtime: Properties,
}

fn main() {
    let definition = Druid::DEFINITION;
    assert_eq!((definition.plural, definition.short_names), ("druids", ["dr"].as_slice()));
    assert_eq!(definition.doc, "An Apache Druid cluster.");
    assert_eq!(definition.config_groups.map(|groups| (groups.field, groups.by)), Some(("configGroups", "configGroup")));

    let [historicals, brokers, routers] = definition.node_types else { panic!("{definition:?}") };
    assert_eq!((historicals.cardinality, brokers.cardinality), (Cardinality::Many, Cardinality::One));
    assert_eq!((routers.cardinality, routers.name, routers.order), (Cardinality::Optional, "routers", 3));
    assert_eq!(historicals.layers[1].storage[0].mount, "/druid/data");
    assert_eq!(historicals.layers[1].configs[0].field, Some("runtime"));
    assert_eq!(brokers.layers[2].args, ["broker"]);
}
