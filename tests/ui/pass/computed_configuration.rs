//! A configuration file whose content a function of the author's computes from the struct that declares it.

use operator_core::{
    definition::{Unnamed, Workload},
    prelude::*,
};

#[derive(DataOperator, Clone, Debug, Serialize, Deserialize, JsonSchema)]
#[operator(group = "example.com", version = "v1", kind = "Queue")]
pub struct QueueSpec {
    pub retention: u32,
    #[config(file = "queue.properties", mount = "/etc/queue", with = QueueSpec::properties)]
    #[serde(default)]
    pub overrides: Properties,
    #[config(file = "members", mount = "/etc/queue", format = raw, with = QueueSpec::members)]
    #[serde(default)]
    pub members: String,
    #[node_type]
    pub brokers: Broker,
}

impl QueueSpec {
    fn properties(&self) -> Properties {
        let mut properties = self.overrides.clone();
        properties.set("log.retention.hours", self.retention);
        properties
    }

    fn members(&self, around: &Surroundings) -> Result<String, Unnamed> {
        let mut hosts = Vec::new();
        for broker in around.nodes("brokers") {
            hosts.extend(broker.pods()?);
        }
        Ok(hosts.join(","))
    }
}

#[node_type]
pub struct Broker {
    #[config(file = "jvm.options", mount = "/etc/queue", format = raw, with = jvm::options)]
    pub heap: String,
}

mod jvm {
    pub fn options(broker: &super::Broker) -> String {
        format!("-Xmx{} -Dreplicas={}", broker.heap, broker.node.replicas.unwrap_or(1))
    }
}

fn main() {
    let spec = serde_json::json!({ "retention": 24, "brokers": { "heap": "1g" } });
    let peer = Peer {
        node_type: "brokers",
        key: None,
        name: "q-brokers".into(),
        host: "q-brokers.ns.svc".into(),
        workload: Workload::StatefulSet,
        replicas: Some(2),
        ports: Vec::new(),
    };
    let peers = [peer.clone()];
    let around = Surroundings::new(("q", "ns"), &spec, &peers, &peers[0]);
    let [queue, members] = Queue::DEFINITION.configs else { panic!() };
    assert_eq!(queue.with.unwrap()(&spec, &around).unwrap(), serde_json::json!({ "log.retention.hours": "24" }));
    assert_eq!(members.with.unwrap()(&spec, &around).unwrap(), "q-brokers-0.q-brokers.ns.svc,q-brokers-1.q-brokers.ns.svc");

    let peers = [Peer { replicas: None, ..peer }];
    let around = Surroundings::new(("q", "ns"), &spec, &peers, &peers[0]);
    assert!(members.with.unwrap()(&spec, &around).unwrap_err().contains("set replicas, without autoscaling"));

    let broker = Queue::DEFINITION.node_types[0].layers[1].configs[0].with.unwrap();
    let heap = serde_json::json!({ "heap": "1g", "replicas": 2 });
    assert_eq!(broker(&heap, &around).unwrap(), "-Xmx1g -Dreplicas=2");
    assert!(broker(&serde_json::json!({}), &around).unwrap_err().contains("heap"));
}
