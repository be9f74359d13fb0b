//! A cluster as the loop keeps it: without its type, and small.

use std::hash::{Hash, Hasher};

use k8s_openapi::apimachinery::pkg::apis::meta::v1::ObjectMeta;
use serde::{Deserialize, Deserializer};
use serde_json::Value;

use crate::{definition::Definition, render::Identity, status::ClusterStatus};

/// A custom resource. Its spec is kept as text: parsed values take several times the memory.
#[derive(Clone, Debug)]
pub struct Tracked {
    metadata: ObjectMeta,
    /// Version of the object; the API server counts upwards within a kind (KEP-5504).
    pub version: u64,
    /// Version of the spec.
    pub generation: i64,
    /// Whether it is being deleted.
    pub deleting: bool,
    spec: Box<str>,
    /// The status, where there is one that can be read.
    pub status: Option<Box<ClusterStatus>>,
}

impl Tracked {
    /// UID; never empty for what the API server sends.
    pub fn uid(&self) -> &str {
        self.metadata.uid.as_deref().unwrap_or_default()
    }

    /// Namespace and name.
    pub fn place(&self) -> (Box<str>, Box<str>) {
        let text = |text: &Option<String>| text.as_deref().unwrap_or_default().into();
        (text(&self.metadata.namespace), text(&self.metadata.name))
    }

    /// What the children need to know.
    pub fn identity(&self) -> Identity {
        let text = |text: &Option<String>| text.clone().unwrap_or_default();
        Identity {
            namespace: text(&self.metadata.namespace),
            name: text(&self.metadata.name),
            uid: text(&self.metadata.uid),
        }
    }

    /// The spec as it is stored.
    pub fn spec(&self) -> Value {
        serde_json::from_str(&self.spec).unwrap_or_default()
    }
}

impl<'de> Deserialize<'de> for Tracked {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let mut object = Value::deserialize(deserializer)?;
        let spec = object.get_mut("spec").map(Value::take).unwrap_or_default();
        let status = object.get_mut("status").map(Value::take);
        let metadata = object.get("metadata").unwrap_or(&Value::Null);
        let text = |key: &str| metadata.get(key).and_then(Value::as_str).map(str::to_owned);
        Ok(Self {
            version: text("resourceVersion").and_then(|version| version.parse().ok()).unwrap_or_default(),
            generation: metadata.get("generation").and_then(Value::as_i64).unwrap_or_default(),
            deleting: metadata.get("deletionTimestamp").is_some(),
            spec: spec.to_string().into(),
            status: status.and_then(|status| serde_json::from_value(status).ok()),
            metadata: ObjectMeta {
                name: text("name"),
                namespace: text("namespace"),
                uid: text("uid"),
                resource_version: text("resourceVersion"),
                ..ObjectMeta::default()
            },
        })
    }
}

crate::state::static_resource!(Tracked, Kind, |kind| kind.0);

/// The kind of the clusters of an operator.
#[derive(Clone, Copy, Debug)]
pub struct Kind(pub &'static Definition);

impl PartialEq for Kind {
    fn eq(&self, other: &Self) -> bool {
        std::ptr::eq(self.0, other.0)
    }
}

impl Eq for Kind {}

impl Hash for Kind {
    fn hash<H: Hasher>(&self, state: &mut H) {
        (self.0.group, self.0.kind).hash(state);
    }
}
