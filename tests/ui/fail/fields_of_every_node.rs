use operator_core::prelude::*;

#[node_type]
pub struct Server {
    pub storage: String,
    pub config_group: Option<String>,
    #[serde(rename = "podLabels")]
    pub labels: Properties,
    #[config(file = "env", mount = "/etc/server", format = env)]
    pub env: Properties,
    #[serde(skip)]
    pub image: String,
}

fn main() {}
