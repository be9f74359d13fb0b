//! A configuration file whose content a function of the author's computes from the struct that declares it.

use operator_core::prelude::*;

#[derive(DataOperator, Clone, Debug, Serialize, Deserialize, JsonSchema)]
#[operator(group = "example.com", version = "v1", kind = "Queue")]
pub struct QueueSpec {
    pub retention: u32,
    #[config(file = "queue.properties", mount = "/etc/queue", format = "properties", with = QueueSpec::properties)]
    #[serde(default)]
    pub overrides: Properties,
    #[node_type]
    pub brokers: Broker,
}

impl QueueSpec {
    fn properties(&self) -> Properties {
        let mut properties = self.overrides.clone();
        properties.set("log.retention.hours", self.retention);
        properties
    }
}

#[node_type]
pub struct Broker {
    #[config(file = "jvm.options", mount = "/etc/queue", format = "raw", with = jvm::options)]
    pub heap: String,
}

mod jvm {
    pub fn options(broker: &super::Broker) -> String {
        format!("-Xmx{} -Dreplicas={}", broker.heap, broker.node.replicas.unwrap_or(1))
    }
}

fn main() {
    let queue = Queue::DEFINITION.configs[0].with.unwrap();
    let spec = serde_json::json!({ "retention": 24, "brokers": { "heap": "1g" } });
    assert_eq!(queue(&spec).unwrap(), serde_json::json!({ "log.retention.hours": "24" }));

    let broker = Queue::DEFINITION.node_types[0].template.configs[0].with.unwrap();
    assert_eq!(broker(&serde_json::json!({ "heap": "1g", "replicas": 2 })).unwrap(), "-Xmx1g -Dreplicas=2");
    assert!(broker(&serde_json::json!({})).unwrap_err().to_string().contains("heap"));
}
