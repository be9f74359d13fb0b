//! The author's names may be those that generated code uses, and the prelude's may be hidden.

mod definition {
    pub struct Port;
}

#[allow(dead_code)]
type Option = ();
#[allow(dead_code)]
struct NodeTemplate(definition::Port, Option);

#[derive(operator_core::DataOperator, Clone, Debug, serde::Serialize, serde::Deserialize, schemars::JsonSchema)]
#[operator(group = "example.com", version = "v1", kind = "Definition")]
pub struct DefinitionSpec {
    #[node_type(port(http = 80), workload = Deployment)]
    pub nodes: Probe,
}

#[operator_core::node_type]
#[derive()]
pub struct Probe {}

fn main() {
    let resource = Definition::new("x", DefinitionSpec { nodes: Probe { node: Default::default() } });
    assert!(serde_json::to_value(resource).unwrap()["spec"]["nodes"].is_object());
}
