//! Fields under `cfg`: what is compiled out isn't in the definition either.

use operator_core::prelude::*;

#[derive(DataOperator, Clone, Debug, Serialize, Deserialize, JsonSchema)]
#[operator(group = "example.com", version = "v1", kind = "Log")]
pub struct LogSpec {
    #[cfg(any())]
    #[node_type]
    pub compactors: Writer,
    #[node_type]
    pub writers: Writer,
}

#[node_type]
pub struct Writer {
    #[cfg(any())]
    #[config(file = "log.json", mount = "/etc/log")]
    pub out: Properties,
    #[cfg(all())]
    #[config(file = "log.json", mount = "/etc/log")]
    pub settings: Properties,
}

fn main() {
    let [writers] = Log::DEFINITION.node_types else { panic!() };
    let [settings] = writers.layers[1].configs else { panic!() };
    assert_eq!(settings.field, Some("settings"));
}
