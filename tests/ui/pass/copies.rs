//! Nodes that are multiplied, what only some read, and texts that tell pods apart.

use operator_core::{
    definition::{Format, Reload},
    prelude::*,
};

#[derive(DataOperator, Clone, Debug, Serialize, Deserialize, JsonSchema)]
#[operator(group = "example.com", version = "v1", kind = "Store")]
#[operator(config(file = "peers.txt", mount = "/etc/peers", format = raw, reload = none, with = peers, readers("shard")))]
pub struct StoreSpec {
    #[secret(env = "PASSWORD", readers("shard"))]
    pub password: SecretRef,
    #[secret(env = "PASSWORD", readers("gateway"))]
    pub other: SecretRef,
    #[node_type(name = "shard", env(SHARD = "${node.key}", SELF = "${pod.host}"), args("--id=${pod.ordinal}"))]
    pub data: Shard,
    #[node_type(name = "gateway", workload = Deployment, args("${pod.name}", "${pod.ip}"))]
    pub gateways: BTreeMap<String, NodeSpec>,
}

#[node_type(copies = self.shards, config(file = "own.json", mount = "/etc/own", with = own))]
pub struct Shard {
    pub shards: u16,
}

fn peers(_: &StoreSpec, around: &Surroundings) -> String {
    around.nodes("shard").map(|peer| peer.host.as_str()).collect()
}

fn own(shard: &Shard) -> Properties {
    Properties::from([("shards", shard.shards)])
}

fn main() {
    let definition = Store::DEFINITION;
    let [peers] = definition.configs else { panic!() };
    assert_eq!((peers.field, peers.readers, peers.format, peers.reload), (None, &["shard"][..], Format::Raw, Reload::None));
    let [shard, gateway] = definition.node_types else { panic!() };
    assert_eq!(definition.secrets_of(shard).map(|secret| secret.field).collect::<Vec<_>>(), ["password"]);
    assert_eq!((definition.configs_of(gateway).count(), definition.configs_of(shard).count()), (0, 1));
    assert_eq!(shard.configs()[0].source(), "own.json");
    let copies = shard.copies().unwrap();
    assert_eq!(copies.field, "shards");
    assert_eq!((copies.number)(&serde_json::json!({ "shards": 3 })).unwrap(), 3);
    assert!((copies.number)(&serde_json::json!({})).is_err());
    assert!(shard.is_many() && gateway.copies().is_none());
}
