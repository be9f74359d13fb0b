//! A child as it shall be.

use std::{fmt, sync::Arc};

use serde::{Deserialize, Serialize, Serializer, ser::SerializeStruct};
use serde_json::Value;

use super::{
    Digest, Quantity, Reference,
    kind::{Kind, SECRET},
};

/// A child as it shall be: kind, name, JSON.
#[derive(Clone)]
pub struct Object {
    /// Its kind.
    pub kind: Kind,
    /// Its name.
    pub name: String,
    /// Node it belongs to; none: the whole cluster.
    pub node: Option<Arc<Node>>,
    /// What is sent to the API server. Of an autoscaled workload without `replicas`.
    pub json: Value,
    /// Over what is sent, `replicas` aside where the spec doesn't say how many: what an annotation of the object carries.
    pub intent: Digest,
    /// Claims of every pod and their sizes (StatefulSets only).
    pub claims: Vec<(String, Quantity)>,
    /// How the number of its pods is decided.
    pub scale: Scale,
    /// Keys of a Secret that are filled with so many random letters and digits when it is created, and kept from then on.
    pub generate: Vec<(String, u32)>,
    /// Of a workload: what its configuration hash covers, and where that stands.
    pub hash: Option<Box<ConfigHash>>,
    /// Whether it is created and then never changed, except for its metadata.
    pub once: bool,
}

/// A node of a cluster.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Node {
    /// Node type and key, as in object names: `historical-hot`.
    pub name: String,
    /// Name of its node type; none: it is a workload that a hook added.
    pub of_type: Option<&'static str>,
    /// Where it stands in the spec: `historicals.hot`; of what a hook added, the node that it was added for; empty: the cluster.
    pub path: String,
    /// Position in upgrades: lower ones first.
    pub order: i32,
    /// Kind of its workload.
    pub kind: Kind,
    /// Number of pods in the spec; for an HPA its minimum.
    pub replicas: i32,
    /// How their number is decided.
    pub scale: Scale,
}

impl Node {
    /// Whether it is a workload that a hook added.
    pub fn is_added(&self) -> bool {
        self.of_type.is_none()
    }
}

/// What a workload's configuration hash covers, and where it is put.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ConfigHash {
    /// Over the configuration files.
    pub files: Digest,
    /// What else the pods read, and whether they start without it.
    pub reads: Vec<(Reference, bool)>,
    /// Annotation of the pods that carries it.
    pub annotation: String,
    /// Container and environment variable that carry it, too.
    pub variable: Option<(&'static str, &'static str)>,
    /// Of a Job: its name is this, followed by a digest of the hash and of what it runs.
    pub job: Option<String>,
}

/// How the number of a node's pods is decided.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum Scale {
    /// The custom resource says it.
    Fixed(i32),
    /// Nobody says it: 1, unless an autoscaler or a person set another number.
    Initial,
    /// An autoscaler sets it.
    Autoscaled,
    /// There is no such number: DaemonSets, Jobs, and what is no workload.
    Unscaled,
}

impl Object {
    /// Stands for an object of which only the name is known.
    pub fn sought(kind: Kind, name: String) -> Self {
        let (node, claims, generate, hash) = Default::default();
        let intent = Digest::default();
        Self { kind, name, node, json: Value::Null, intent, claims, scale: Scale::Unscaled, generate, hash, once: true }
    }

    /// Whether both are of one kind and name.
    pub fn is(&self, other: &Self) -> bool {
        self.kind == other.kind && self.name == other.name
    }

    /// Whether it is created by POST and only patched later: what never changes, and what holds generated values that only its creation knows.
    pub fn is_posted(&self) -> bool {
        self.once || !self.generate.is_empty()
    }

    /// Name of the node it belongs to.
    pub fn node_name(&self) -> Option<&str> {
        self.node.as_ref().map(|node| node.name.as_str())
    }

    /// Position of its node in upgrades; 0 where it belongs to the whole cluster.
    pub fn order(&self) -> i32 {
        self.node.as_ref().map_or(0, |node| node.order)
    }

    /// Whether it is a workload that a hook added.
    pub fn is_added(&self) -> bool {
        self.node.as_ref().is_some_and(|node| node.is_added())
    }

    /// The node it belongs to, else its own name: what messages call it.
    pub fn subject(&self) -> &str {
        self.node_name().unwrap_or(&self.name)
    }

    /// The JSON as people may see it: of a Secret without its values.
    pub fn shown(&self) -> Value {
        let mut json = self.json.clone();
        if self.kind == &SECRET {
            let values = json.get_mut("data").and_then(Value::as_object_mut).into_iter().flatten();
            values.for_each(|(_, value)| *value = "…".into());
        }
        json
    }
}

/// Without its JSON: a Secret's may hold what nobody shall see.
impl fmt::Debug for Object {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Object({} {} {})", self.kind.kind, self.name, self.intent)
    }
}

impl Serialize for Object {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut object = serializer.serialize_struct("Object", 5)?;
        object.serialize_field("kind", &self.kind)?;
        object.serialize_field("name", &self.name)?;
        object.serialize_field("node", &self.node_name())?;
        object.serialize_field("intent", &self.intent)?;
        object.serialize_field("json", &self.shown())?;
        object.end()
    }
}
