use operator_core::prelude::*;

#[derive(DataOperator, Clone, Debug, Serialize, Deserialize, JsonSchema)]
#[operator(kind = "Druid")]
pub struct DruidSpec {
    #[node_type]
    pub brokers: NodeSpec,
}

fn main() {
    let _ = Druid::DEFINITION;
}
