//! operator-core under another name, here in a module of the author's.

mod platform {
    pub extern crate operator_core as runtime;
}

use platform::runtime::prelude::*;

#[derive(DataOperator, Clone, Debug, Serialize, Deserialize, JsonSchema)]
#[operator(group = "example.com", version = "v1", kind = "Cache", crate = crate::platform::runtime)]
pub struct CacheSpec {
    #[node_type]
    pub servers: BTreeMap<String, Server>,
}

#[node_type(crate = crate::platform::runtime)]
pub struct Server {
    #[config(file = "server.json", mount = "/etc/cache")]
    pub settings: Properties,
}

fn main() {
    assert_eq!(Cache::DEFINITION.node_types[0].layers[1].configs[0].file, "server.json");
}
