//! Random specs, and what may be expected of them.

use std::collections::BTreeMap;

use proptest::{collection::btree_map, option, prelude::*, sample::select};
use serde_json::{Value, json};

/// A spec of [`crate::kinds::Data`].
#[derive(Clone, Debug, PartialEq)]
pub struct Spec {
    pub image: u8,
    pub common: u8,
    pub stores: BTreeMap<&'static str, Node>,
    pub query: Option<Node>,
    pub agent: Option<Node>,
    /// Whether there is a Job that the others wait for.
    pub migrate: bool,
}

/// A node of any type; what doesn't go with its type isn't used.
#[derive(Clone, Debug, PartialEq)]
pub struct Node {
    pub scale: Scale,
    /// Can't be changed in a StatefulSet that is there.
    pub ordered: bool,
    /// The same; claims never shrink, so it only grows.
    pub size: u8,
    pub setting: u8,
    /// Kinds that aren't watched from the start.
    pub policy: bool,
}

#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Scale {
    Fixed(u8),
    Initial,
    Autoscaled,
}

impl Spec {
    pub fn to_json(&self) -> Value {
        let stores = self.stores.iter().map(|(name, node)| {
            let mut json = node.to_json();
            json["podManagementPolicy"] = if node.ordered { "OrderedReady" } else { "Parallel" }.into();
            json["storage"] = json!({ "data": { "size": format!("{}Gi", 10 + node.size) } });
            json["settings"] = json!({ "value": node.setting.to_string() });
            ((*name).to_owned(), json)
        });
        let stores: serde_json::Map<String, Value> = stores.collect();
        let mut spec = json!({
            "image": format!("example.com/data:{}", self.image), "common": { "a": self.common }, "stores": stores,
        });
        if let Some(query) = &self.query {
            spec["query"] = query.to_json();
        }
        if let Some(agent) = &self.agent {
            spec["agent"] = json!({ "networkPolicy": { "enabled": agent.policy } });
        }
        if self.migrate {
            spec["migrate"] = json!({});
        }
        spec
    }

    /// The nodes whose pods stay, by their names in the status.
    pub fn nodes(&self) -> BTreeMap<String, &Node> {
        let stores = self.stores.iter().map(|(name, node)| (format!("store-{name}"), node));
        let query = self.query.iter().map(|node| ("query".to_owned(), node));
        stores.chain(query).chain(self.agent.iter().map(|node| ("agent".to_owned(), node))).collect()
    }

    /// What the pods of a node depend on.
    pub fn template(&self, node: &str) -> Option<(u8, u8, u8)> {
        let setting = self.nodes().get(node)?.setting;
        Some((self.image, self.common, if node.starts_with("store-") { setting } else { 0 }))
    }

    /// Makes no claim smaller than it was before.
    pub fn grown_from(mut self, sizes: &mut BTreeMap<&'static str, u8>) -> Self {
        for (name, node) in &mut self.stores {
            let before = sizes.entry(name).or_default();
            node.size = node.size.max(*before);
            *before = node.size;
        }
        self
    }
}

impl Node {
    fn to_json(&self) -> Value {
        let target = json!({ "type": "Utilization", "averageUtilization": 80 });
        let metric = json!({ "type": "Resource", "resource": { "name": "cpu", "target": target } });
        let mut json = json!({ "resources": { "requests": { "cpu": "1" } } });
        match self.scale {
            Scale::Fixed(replicas) => json["replicas"] = replicas.into(),
            Scale::Initial => {}
            Scale::Autoscaled => json["autoscaling"] = json!({ "maxReplicas": 5, "metrics": [metric] }),
        }
        if self.policy {
            json["networkPolicy"] = json!({ "enabled": true });
        }
        json
    }
}

pub fn node() -> impl Strategy<Value = Node> {
    let scale = prop_oneof![
        3 => (0..3_u8).prop_map(Scale::Fixed),
        2 => Just(Scale::Initial),
        1 => Just(Scale::Autoscaled),
    ];
    (scale, any::<bool>(), 0..3_u8, 0..2_u8, any::<bool>()).prop_map(|(scale, ordered, size, setting, policy)| Node {
        scale,
        ordered,
        size,
        setting,
        policy,
    })
}

pub fn spec() -> impl Strategy<Value = Spec> {
    let stores = btree_map(select(["hot", "cold"].as_slice()), node(), 0..3);
    let others = (option::of(node()), option::of(node()), any::<bool>());
    (0..2_u8, 0..2_u8, stores, others).prop_map(|(image, common, stores, (query, agent, migrate))| Spec {
        image,
        common,
        stores,
        query,
        agent,
        migrate,
    })
}

/// A store and a query node of two pods each.
pub fn small() -> Spec {
    let node = Node { scale: Scale::Fixed(2), ordered: false, size: 0, setting: 0, policy: false };
    Spec {
        image: 0,
        common: 0,
        stores: BTreeMap::from([("hot", node.clone())]),
        query: Some(node),
        agent: None,
        migrate: false,
    }
}
