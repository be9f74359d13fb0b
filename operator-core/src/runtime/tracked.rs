//! A cluster as the loop keeps it: without its type, and small.

use std::{
    borrow::Cow,
    collections::BTreeMap,
    hash::{Hash, Hasher},
};

use k8s_openapi::apimachinery::pkg::apis::meta::v1::ObjectMeta;
use serde::{Deserialize, Deserializer, de};
use serde_json::{Value, value::RawValue};

use crate::{
    definition::Definition,
    model::{ChildKind, ClusterStatus, Digest, Identity, Invalid, Kind},
    render::names::{adopt, finalizer},
    state::{Deletion, dynamic_resource},
};

/// A custom resource. Its spec and its status are kept as text: parsed values take several times the memory.
#[derive(Clone, Debug)]
pub struct Tracked {
    metadata: ObjectMeta,
    /// Version of the object; the API server counts upwards within a kind (KEP-5504).
    pub version: u64,
    /// Version of the spec.
    pub generation: i64,
    /// Whether it is being deleted.
    pub deleting: bool,
    /// Its finalizers.
    pub finalizers: Vec<String>,
    /// Those of its annotations by which an operator can be asked for something, as far as they are `"true"`.
    asks: Vec<String>,
    /// Over the generation and the spec as it is shown: two versions of the kind's schema may show one generation differently.
    pub spec_digest: Digest,
    spec: Box<str>,
    status: Option<Box<str>>,
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

    /// How it is being deleted, if it is.
    pub fn deletion(&self) -> Option<Deletion> {
        let is_orphaning = self.finalizers.iter().any(|finalizer| finalizer == "orphan");
        self.deleting.then_some(if is_orphaning { Deletion::Orphan } else { Deletion::Background })
    }

    /// Whether an operator of this group holds it by its finalizer.
    pub fn is_held(&self, group: &str) -> bool {
        self.finalizers.contains(&finalizer(group))
    }

    /// Whether it asks an operator of this group to take over what is nobody's.
    pub fn adopts(&self, group: &str) -> bool {
        self.asks.contains(&adopt(group))
    }

    /// Over all that its user wants: its spec, and what annotations ask for.
    pub fn wanted(&self) -> Digest {
        let asks = self.asks.iter().map(String::as_str);
        Digest::of_texts([&*self.spec_digest.to_string()].into_iter().chain(asks))
    }

    /// The spec as it is stored.
    ///
    /// # Errors
    /// Where it can't be parsed: the API server takes 10,000 levels, `serde_json` 128. A spec of that depth is no empty spec.
    pub fn spec(&self) -> Result<Value, Invalid> {
        let unreadable = |error| format!("it can't be read ({error}); nest fewer than 128 levels");
        serde_json::from_str(&self.spec).map_err(|error| Invalid::new("", unreadable(error)))
    }

    /// The status, where there is one that can be read.
    pub fn status(&self) -> Option<ClusterStatus> {
        serde_json::from_str(self.status.as_deref()?).ok()
    }
}

impl<'de> Deserialize<'de> for Tracked {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        #[derive(Deserialize)]
        struct Object<'a> {
            #[serde(borrow)]
            metadata: Head<'a>,
            #[serde(borrow)]
            spec: Option<&'a RawValue>,
            #[serde(borrow)]
            status: Option<&'a RawValue>,
        }
        #[derive(Deserialize)]
        #[serde(rename_all = "camelCase")]
        struct Head<'a> {
            name: Option<String>,
            namespace: Option<String>,
            uid: Option<String>,
            resource_version: Option<String>,
            #[serde(default)]
            generation: i64,
            #[serde(borrow)]
            deletion_timestamp: Option<&'a RawValue>,
            #[serde(default)]
            finalizers: Vec<String>,
            #[serde(borrow, default)]
            annotations: BTreeMap<Cow<'a, str>, Cow<'a, str>>,
        }
        let text = Box::<RawValue>::deserialize(deserializer)?;
        let Object { metadata, spec, status } = serde_json::from_str(text.get()).map_err(de::Error::custom)?;
        Ok(Self {
            version: metadata.resource_version.as_ref().and_then(|version| version.parse().ok()).unwrap_or_default(),
            generation: metadata.generation,
            deleting: metadata.deletion_timestamp.is_some(),
            finalizers: metadata.finalizers,
            asks: {
                let asked =
                    metadata.annotations.into_iter().filter(|(key, value)| key.ends_with("/adopt") && value == "true");
                asked.map(|(annotation, _)| annotation.into_owned()).collect()
            },
            spec_digest: Digest::of_texts([&*metadata.generation.to_string(), spec.map_or("null", RawValue::get)]),
            spec: spec.map_or("null", RawValue::get).into(),
            status: status.map(|status| status.get().into()),
            metadata: ObjectMeta {
                name: metadata.name,
                namespace: metadata.namespace,
                uid: metadata.uid,
                // A watch goes on from here.
                resource_version: metadata.resource_version,
                ..ObjectMeta::default()
            },
        })
    }
}

dynamic_resource!(Tracked, ClusterKind, |kind| kind.0);

/// The kind of the clusters of an operator.
#[derive(Clone, Copy, Debug)]
pub struct ClusterKind(pub &'static Definition);

impl From<ClusterKind> for Kind {
    fn from(ClusterKind(definition): ClusterKind) -> Self {
        let Definition { group, version, kind, plural, .. } = definition;
        Self::Recorded(std::sync::Arc::new(ChildKind::named(group, version, kind, plural)))
    }
}

impl PartialEq for ClusterKind {
    fn eq(&self, other: &Self) -> bool {
        std::ptr::eq(self.0, other.0)
    }
}

impl Eq for ClusterKind {}

impl Hash for ClusterKind {
    fn hash<H: Hasher>(&self, state: &mut H) {
        (self.0.group, self.0.kind).hash(state);
    }
}
