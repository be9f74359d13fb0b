//! A child, reduced: a few hundred bytes instead of its object.

use std::sync::Arc;

use k8s_openapi::apimachinery::pkg::apis::meta::v1::ObjectMeta;
use serde::{Deserialize, Deserializer, de};
use serde_json::{Value, value::RawValue};

use super::owned;
use crate::{
    hash::Digest,
    kinds::{ChildKind, DEPLOYMENT, STATEFUL_SET},
    node::Quantity,
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
    /// UID of the owner that is marked as its controller.
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
}

/// How a workload is doing: what the status reports and gates ask.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Health {
    /// Whether its controller has seen its newest spec.
    pub observed: bool,
    /// Wanted pods.
    pub replicas: i32,
    /// Pods there are.
    pub current: i32,
    /// Pods on the newest template.
    pub updated: i32,
    /// Ready pods.
    pub ready: i32,
    /// Whether the newest template is the only one (StatefulSets say so themselves).
    pub settled: bool,
    /// Why it can't get on.
    pub failure: Option<Box<str>>,
    /// Claims of every pod and their sizes in bytes.
    pub claims: Vec<(Box<str>, u64)>,
}

impl Health {
    /// Whether every pod is on the newest template: no other is used any more.
    pub fn rolled_out(&self) -> bool {
        self.observed && self.settled && self.updated == self.replicas && self.current == self.replicas
    }
}

impl Child {
    /// Reduces an object to what the operator called `manager` must know of it. `None` where it has no name or version.
    pub fn reduce(kind: &'static ChildKind, manager: &str, node_label: &str, object: &Value) -> Option<Self> {
        let metadata = object.get("metadata")?;
        let text = |key: &str| metadata.get(key).and_then(Value::as_str).map(Box::<str>::from);
        let owners = metadata.get("ownerReferences").and_then(Value::as_array);
        let controller = owners
            .into_iter()
            .flatten()
            .find(|owner| owner.get("controller").and_then(Value::as_bool) == Some(true))
            .and_then(|owner| owner.get("uid")?.as_str())
            .map(Arc::from);
        let applied = owned::applied(object, manager).map(owned::canonical);
        Some(Self {
            kind,
            name: text("name")?,
            uid: text("uid")?,
            controller,
            node: metadata.get("labels").and_then(|labels| labels.get(node_label)?.as_str()).map(Box::from),
            version: text("resourceVersion")?.parse().ok()?,
            immutable: owned::immutable(applied.as_ref().unwrap_or(&Value::Null), kind),
            digest: applied.as_ref().map(Digest::of),
            deleting: metadata.get("deletionTimestamp").is_some(),
            health: health(kind, object).map(Box::new),
        })
    }

    /// Whether `other` says the same, whatever its version.
    pub fn says_the_same(&self, other: &Self) -> bool {
        self == &Self { version: self.version, ..other.clone() }
    }
}

fn health(kind: &'static ChildKind, object: &Value) -> Option<Health> {
    let (spec, status) = (object.get("spec")?, object.get("status").unwrap_or(&Value::Null));
    let number =
        |key: &str| status.get(key).and_then(Value::as_i64).and_then(|number| i32::try_from(number).ok()).unwrap_or(0);
    let generation = object.get("metadata")?.get("generation").and_then(Value::as_i64).unwrap_or(0);
    let mut health = Health {
        observed: status.get("observedGeneration").and_then(Value::as_i64).is_some_and(|seen| seen >= generation),
        replicas: spec
            .get("replicas")
            .and_then(Value::as_i64)
            .and_then(|number| i32::try_from(number).ok())
            .unwrap_or(1),
        current: number("replicas"),
        updated: number("updatedReplicas"),
        ready: number("readyReplicas"),
        settled: true,
        failure: None,
        claims: Vec::new(),
    };
    if kind == &STATEFUL_SET {
        health.settled = status.get("currentRevision") == status.get("updateRevision");
        health.claims = claims(spec);
    } else if kind == &DEPLOYMENT {
        health.failure = failure(status);
    } else {
        return None;
    }
    Some(health)
}

fn claims(spec: &Value) -> Vec<(Box<str>, u64)> {
    let templates = spec.get("volumeClaimTemplates").and_then(Value::as_array);
    templates
        .into_iter()
        .flatten()
        .filter_map(|claim| {
            let size: Quantity = claim.pointer("/spec/resources/requests/storage")?.as_str()?.parse().ok()?;
            Some((claim.pointer("/metadata/name")?.as_str()?.into(), size.bytes()))
        })
        .collect()
}

/// Source: the conditions of a Deployment, `Progressing` and `ReplicaFailure`.
fn failure(status: &Value) -> Option<Box<str>> {
    let conditions = status.get("conditions")?.as_array()?;
    let is = |condition: &Value, key: &str, value: &str| condition.get(key).and_then(Value::as_str) == Some(value);
    conditions
        .iter()
        .find(|condition| {
            (is(condition, "type", "ReplicaFailure") && is(condition, "status", "True"))
                || (is(condition, "type", "Progressing") && is(condition, "reason", "ProgressDeadlineExceeded"))
        })
        .and_then(|condition| condition.get("message")?.as_str())
        .map(Box::from)
}

/// An object as it comes from a watch: its text, of which only the head is read. The rest is, where the head is news.
#[derive(Clone, Debug)]
pub struct Raw {
    metadata: ObjectMeta,
    text: Box<RawValue>,
}

impl Raw {
    /// UID.
    pub fn uid(&self) -> &str {
        self.metadata.uid.as_deref().unwrap_or_default()
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

crate::observe::static_resource!(Raw, &'static ChildKind, |kind| kind);
