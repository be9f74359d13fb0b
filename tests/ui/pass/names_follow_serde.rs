//! Fields are found in the custom resource under the names that serde gives them.

use operator_core::prelude::*;

#[derive(DataOperator, Clone, Debug, Serialize, Deserialize, JsonSchema)]
#[operator(group = "example.com", version = "v1", kind = "Store")]
#[serde(rename_all = "kebab-case")]
pub struct StoreSpec {
    #[operator(image)]
    #[serde(default)]
    pub default_image: Option<String>,
    #[operator(config_groups)]
    #[serde(default, rename = "groups")]
    pub config_groups: BTreeMap<String, NodeDefaults>,
    #[config(file = "a.yaml", mount = "/etc/store")]
    pub main_file: Properties,
    #[node_type]
    pub data_nodes: DataNode,
    #[node_type(name = "proxy")]
    #[serde(rename(serialize = "gateway", deserialize = "gateway"))]
    pub r#type: NodeSpec,
}

#[node_type]
pub struct DataNode {
    #[config(file = "b.env", mount = "/etc/store")]
    pub start_up: Properties,
}

#[node_type]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub struct Loud {
    #[config(file = "c.env", mount = "/etc/store")]
    pub start_up: Properties,
}

fn main() {
    let definition = Store::DEFINITION;
    assert_eq!(definition.image, Some("default-image"));
    assert_eq!(definition.config_groups.map(|groups| groups.field), Some("groups"));
    assert_eq!(definition.configs[0].field, Some("main-file"));
    let fields: Vec<_> = definition.node_types.iter().map(|node_type| (node_type.field, node_type.name)).collect();
    assert_eq!(fields, [("data-nodes", "data-nodes"), ("gateway", "proxy")]);
    assert_eq!(definition.node_types[0].layers[1].configs[0].field, Some("startUp"));
    assert_eq!(<Loud as operator_core::definition::NodeKind>::TEMPLATE.configs[0].field, Some("START_UP"));
}
