//! A child, reduced: a few hundred bytes instead of its object.

use std::{fmt, sync::Arc};

use k8s_openapi::apimachinery::pkg::apis::meta::v1::ObjectMeta;
use serde::{Deserialize, Deserializer, de};
use serde_json::{Value, value::RawValue};

use super::{Health, claims, owned};
use crate::{
    model::Digest,
    model::kind::{CLAIM, ChildKind, SECRET},
    render::references,
    settings::Quantity,
};

/// What planning needs to know of a child.
#[derive(Clone, Debug, PartialEq)]
pub struct Child {
    /// Its kind.
    pub kind: &'static ChildKind,
    /// Name.
    pub name: Box<str>,
    /// UID.
    pub uid: Box<str>,
    /// UID of the owner that is marked as its controller; of claims, who have none, [what names their cluster](claims::owner).
    pub controller: Option<Arc<str>>,
    /// The node it belongs to, by its label.
    pub node: Option<Box<str>>,
    /// Version; the API server counts upwards within a kind (KEP-5504).
    pub version: u64,
    /// Over the live values of what the operator applied; `None` where it applied nothing.
    pub digest: Option<Digest>,
    /// Over the part of it that can't be changed in place.
    pub immutable: Digest,
    /// Whether it is being deleted.
    pub deleting: bool,
    /// Of workloads.
    pub health: Option<Box<Health>>,
    /// Of Secrets.
    pub held: Option<Box<Held>>,
    /// Of PersistentVolumeClaims that are bound, and so may grow: the size that is asked for.
    pub size: Option<Box<Quantity>>,
}

/// What a Secret holds, without any of its values.
#[derive(Clone, Debug, PartialEq)]
pub struct Held {
    /// Over all of it: what pods that read it depend on.
    pub content: Digest,
    /// Over each value, by key.
    pub values: Vec<(Box<str>, Digest)>,
}

impl Held {
    fn of(secret: &Value) -> Self {
        Self { content: references::digest(secret), values: values(secret) }
    }
}

/// A digest of each value that a Secret holds, by key.
pub fn values(secret: &Value) -> Vec<(Box<str>, Digest)> {
    let data = secret.get("data").and_then(Value::as_object);
    data.into_iter().flatten().map(|(key, value)| (key.as_str().into(), Digest::of(value))).collect()
}

impl Child {
    /// Reduces an object to what the operator called `manager` must know of it. `None` where it has no name or version.
    pub fn reduce(kind: &'static ChildKind, manager: &str, node_label: &str, object: &Value) -> Option<Self> {
        let metadata = object.get("metadata")?;
        let text = |key: &str| metadata.get(key).and_then(Value::as_str).map(Box::<str>::from);
        let node = metadata.get("labels").and_then(|labels| labels.get(node_label)?.as_str()).map(Box::from);
        let controller = if kind == &CLAIM {
            claims::owner_of(metadata).filter(|_| node.is_some()).map(Arc::from)
        } else {
            controller(metadata).map(Arc::from)
        };
        let applied = owned::applied(object, manager).map(|applied| owned::canonical(applied, kind));
        Some(Self {
            kind,
            name: text("name")?,
            uid: text("uid")?,
            controller,
            node,
            version: text("resourceVersion")?.parse().ok()?,
            immutable: owned::immutable(applied.as_ref().unwrap_or(&Value::Null), kind),
            digest: applied.as_ref().map(Digest::of),
            deleting: metadata.get("deletionTimestamp").is_some(),
            health: Health::of(kind, manager, object).map(Box::new),
            held: (kind == &SECRET).then(|| Box::new(Held::of(object))),
            size: (kind == &CLAIM).then(|| claims::bound(object)).flatten().map(Box::new),
        })
    }

    /// Whether `other` says the same, whatever its version.
    pub fn says_the_same(&self, other: &Self) -> bool {
        self == &Self { version: self.version, ..other.clone() }
    }
}

/// UID of the owner that is marked as the controller.
fn controller(metadata: &Value) -> Option<&str> {
    let owners = metadata.get("ownerReferences").and_then(Value::as_array)?;
    owners.iter().find(|owner| owner.get("controller").and_then(Value::as_bool) == Some(true))?.get("uid")?.as_str()
}

/// An object as it comes from a watch: its text, of which only the head is read. The rest is, where the head is news.
#[derive(Clone)]
pub struct Raw {
    metadata: ObjectMeta,
    text: Box<RawValue>,
}

/// Only its head: the text may be a Secret's.
impl fmt::Debug for Raw {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Raw").field("name", &self.metadata.name).field("uid", &self.uid()).finish_non_exhaustive()
    }
}

impl Raw {
    /// UID.
    pub fn uid(&self) -> &str {
        self.metadata.uid.as_deref().unwrap_or_default()
    }

    /// Namespace.
    pub fn namespace(&self) -> &str {
        self.metadata.namespace.as_deref().unwrap_or_default()
    }

    /// Version; the API server counts upwards within a kind (KEP-5504).
    pub fn version(&self) -> u64 {
        self.metadata.resource_version.as_deref().and_then(|version| version.parse().ok()).unwrap_or_default()
    }

    /// The whole object.
    pub fn object(&self) -> Value {
        serde_json::from_str(self.text.get()).unwrap_or_default()
    }
}

impl<'de> Deserialize<'de> for Raw {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        #[derive(Deserialize)]
        struct Object {
            metadata: Head,
        }
        #[derive(Deserialize)]
        #[serde(rename_all = "camelCase")]
        struct Head {
            name: Option<String>,
            namespace: Option<String>,
            uid: Option<String>,
            resource_version: Option<String>,
        }
        let text = Box::<RawValue>::deserialize(deserializer)?;
        let Object { metadata } = serde_json::from_str(text.get()).map_err(de::Error::custom)?;
        let metadata = ObjectMeta {
            name: metadata.name,
            namespace: metadata.namespace,
            uid: metadata.uid,
            resource_version: metadata.resource_version,
            ..ObjectMeta::default()
        };
        Ok(Self { metadata, text })
    }
}

crate::state::static_resource!(Raw, &'static ChildKind, |kind| kind);
