//! The shape of the DSOI specification: nodes as a list, groups under names of the author's, an order that the user gives.

use operator_core::{
    definition::{Cardinality, Tag},
    prelude::*,
};

#[derive(DataOperator, Clone, Debug, Serialize, Deserialize, JsonSchema)]
#[operator(group = "example.com", version = "v1", kind = "Pinot")]
#[serde(rename_all = "camelCase")]
pub struct PinotSpec {
    #[operator(deployment_order)]
    #[serde(default)]
    pub deployment_order: Vec<String>,
    #[operator(config_groups(by = "k8sConfigGroup"))]
    pub k8s_config_group: BTreeMap<String, NodeDefaults>,
    #[operator(app_config_groups)]
    pub app_config: BTreeMap<String, Config>,
    #[node_types]
    pub nodes: Vec<Named<Node>>,
    #[node_type]
    pub minions: Vec<Named<NodeSpec>>,
}

#[node_types]
pub enum Node {
    #[node_type(order = 1, port(http = 9000), args("StartController"))]
    Controller(Common),
    #[node_type(order = 2, workload = Deployment, args("StartBroker"), talks_to("controller", "minions"))]
    Broker(Common),
}

#[derive(Clone, Debug, Serialize, Deserialize, JsonSchema)]
pub struct Config {
    pub runtime: Properties,
}

#[node_type]
pub struct Common {
    pub k8s_config_group: Option<String>,
    pub app_config_group: Option<String>,
    #[config(file = "pinot.properties", mount = "/etc/pinot")]
    pub runtime: Option<Properties>,
}

fn main() {
    let definition = Pinot::DEFINITION;
    assert_eq!(definition.deployment_order, Some("deploymentOrder"));
    let groups = [definition.config_groups, definition.app_config_groups]
        .map(|groups| groups.map(|groups| (groups.field, groups.by)));
    assert_eq!(groups, [Some(("k8sConfigGroup", "k8sConfigGroup")), Some(("appConfig", "appConfigGroup"))]);

    let [minion, controller, broker] = definition.node_types else { panic!() };
    assert_eq!((minion.field, minion.cardinality, minion.tag), ("minions", Cardinality::List, None));
    assert_eq!((controller.name, controller.field, controller.cardinality), ("controller", "nodes", Cardinality::List));
    assert_eq!(controller.tag, Some(Tag { field: "nodeType", value: "controller" }));
    assert_eq!((broker.name, broker.field, broker.order), ("broker", "nodes", 2));
    assert_eq!(broker.layers[2].talks_to, ["controller", "minions"]);
}
