//! A child as it is: decoded no further than its metadata and its health.

use std::{borrow::Cow, sync::Arc};

use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;

use super::{Data, Health, claims};
use crate::{
    definition::Definition,
    model::{
        Digest, Kind, Quantity,
        kind::{CLAIM, JOB, SECRET, STATEFUL_SET},
    },
    render::names::{self, MANAGED_BY},
};

/// What decisions need to know of a child.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Child {
    /// Its kind.
    pub kind: Kind,
    /// Name.
    pub name: Box<str>,
    /// UID.
    pub uid: Box<str>,
    /// UID of the owner that is marked as its controller. Of what has none: of claims, [what names their cluster](claims::owner); of what is in no
    /// namespace, what its label says.
    pub controller: Option<Arc<str>>,
    /// The node it belongs to, by its label.
    pub node: Option<Box<str>>,
    /// Version; the API server counts upwards within a kind (KEP-5504).
    pub version: u64,
    /// Over the annotation with its intent, and over which fields the API server says that the operator set. When someone changes or removes
    /// one of these fields, the API server takes it from the operator's entry in `managedFields`; nothing else changes that entry.
    pub seen: Digest,
    /// What its annotation says was sent; see [`Object::intent`](crate::model::Object::intent).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub intent: Option<Digest>,
    /// Whether it is being deleted.
    pub deleting: bool,
    /// Whether it bears the label by which it is watched. Someone may have taken that away: then nobody tells when it is gone.
    pub watched: bool,
    /// Of workloads.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub health: Option<Box<Health>>,
    /// Of Secrets: what they hold, without any of the values.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub secret: Option<Box<Data>>,
    /// Of claims: whether they go with their StatefulSet.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub owned: bool,
    /// Of claims that are bound, and so may grow: the size that is asked for.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub size: Option<Box<Quantity>>,
}

/// In whose name children are managed: an operator.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Manager {
    /// Field manager, and value of the label by which children are watched.
    pub name: String,
    node_label: String,
    cluster_label: String,
    intent: String,
}

impl Manager {
    /// The operator of a definition.
    pub fn of(definition: &Definition) -> Self {
        Self {
            name: names::manager(definition),
            node_label: names::node_label(definition.group),
            cluster_label: names::cluster_label(definition.group),
            intent: names::intent(definition.group),
        }
    }
}

impl Child {
    /// Reads an object as the one of `managers` whose label it bears has to know it; where there is only one, as that. `None` where it has no
    /// name or version.
    pub fn read(kind: &Kind, managers: &[Manager], text: &str) -> Option<Self> {
        let object: Object<'_> = serde_json::from_str(text).ok()?;
        let metadata = &object.metadata;
        let managed_by = metadata.label(MANAGED_BY);
        let manager = match managers {
            [only] => only,
            several => several.iter().find(|manager| Some(&*manager.name) == managed_by)?,
        };
        let node = metadata.label(&manager.node_label).map(Box::from);
        let controller = if *kind == &CLAIM {
            claims::owner_of(&manager.name, metadata).filter(|_| managed_by == Some(&*manager.name)).map(Arc::from)
        } else if !kind.namespaced {
            metadata.label(&manager.cluster_label).map(Arc::from)
        } else {
            metadata.controller().map(|controller| Arc::from(&*controller.uid))
        };
        let fields = metadata.managed_fields.iter().filter(|entry| entry.is_of(&manager.name));
        let intent = metadata.annotations.get(&*manager.intent).map_or("", |intent| &**intent);
        Some(Self {
            kind: kind.clone(),
            name: Box::from(&**metadata.name.as_ref()?),
            uid: Box::from(&**metadata.uid.as_ref()?),
            controller,
            node,
            version: metadata.version()?,
            intent: serde_json::from_value(intent.into()).ok(),
            seen: Digest::of_texts([intent].into_iter().chain(fields.filter_map(Entry::text))),
            deleting: metadata.deletion_timestamp.is_some(),
            watched: managed_by == Some(&*manager.name),
            health: Health::read(kind, &manager.name, &object).map(Box::new),
            secret: (*kind == &SECRET).then(|| Box::new(Data::read(text))),
            owned: *kind == &CLAIM && metadata.owner_references.iter().any(|owner| owner.kind == STATEFUL_SET.kind),
            size: (*kind == &CLAIM).then(|| claims::bound(&object)).flatten().map(Box::new),
        })
    }

    /// Whether it is a Job that came to its good end.
    pub fn is_done(&self) -> bool {
        self.health.as_ref().is_some_and(|health| self.kind == &JOB && health.ready >= health.replicas)
    }

    /// Whether its controller has seen it, where it has one.
    pub fn is_observed(&self) -> bool {
        self.health.as_ref().is_none_or(|health| health.observed)
    }

    /// Whether `other` says the same, whatever its version.
    pub fn says_the_same(&self, other: &Self) -> bool {
        self == &Self { version: self.version, ..other.clone() }
    }
}

/// The part of an object that is read.
#[derive(Deserialize)]
pub struct Object<'a> {
    /// Its metadata.
    #[serde(borrow)]
    pub metadata: Metadata<'a>,
    /// Its spec, as text.
    #[serde(borrow)]
    pub spec: Option<&'a RawValue>,
    /// Its status, as text.
    #[serde(borrow)]
    pub status: Option<&'a RawValue>,
}

/// The part of its metadata that is read.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Metadata<'a> {
    #[serde(borrow)]
    name: Option<Cow<'a, str>>,
    /// Its namespace.
    #[serde(borrow)]
    pub namespace: Option<Cow<'a, str>>,
    #[serde(borrow)]
    uid: Option<Cow<'a, str>>,
    #[serde(borrow)]
    resource_version: Option<Cow<'a, str>>,
    /// Version of its spec.
    #[serde(default)]
    pub generation: i64,
    #[serde(borrow)]
    deletion_timestamp: Option<&'a RawValue>,
    #[serde(borrow, default)]
    labels: Texts<'a>,
    #[serde(borrow, default)]
    annotations: Texts<'a>,
    #[serde(borrow, default)]
    owner_references: Vec<Owner<'a>>,
    /// Who set which fields.
    #[serde(borrow, default)]
    pub managed_fields: Vec<Entry<'a>>,
}

type Texts<'a> = std::collections::BTreeMap<Cow<'a, str>, Cow<'a, str>>;

/// An owner of an object.
#[derive(Deserialize)]
pub struct Owner<'a> {
    /// Its kind.
    #[serde(borrow)]
    pub kind: Cow<'a, str>,
    /// Its name.
    #[serde(borrow)]
    pub name: Cow<'a, str>,
    /// Its UID.
    #[serde(borrow)]
    pub uid: Cow<'a, str>,
    #[serde(default)]
    controller: bool,
}

/// An entry of `managedFields`.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Entry<'a> {
    #[serde(borrow, default)]
    manager: Cow<'a, str>,
    #[serde(borrow, default)]
    subresource: Cow<'a, str>,
    /// The fields, as text.
    #[serde(borrow)]
    pub fields_v1: Option<&'a RawValue>,
}

impl Metadata<'_> {
    /// A label's value.
    pub fn label(&self, key: &str) -> Option<&str> {
        self.labels.get(key).map(|value| &**value)
    }

    /// The owner that is marked as the controller.
    pub fn controller(&self) -> Option<&Owner<'_>> {
        self.owner_references.iter().find(|owner| owner.controller)
    }

    /// Version; the API server counts upwards within a kind (KEP-5504).
    pub fn version(&self) -> Option<u64> {
        self.resource_version.as_ref()?.parse().ok()
    }
}

impl<'a> Entry<'a> {
    /// Whether it is what `manager` set: applied, or where objects are never applied, created.
    pub fn is_of(&self, manager: &str) -> bool {
        self.manager == manager && self.subresource.is_empty()
    }

    fn text(&self) -> Option<&'a str> {
        self.fields_v1.map(RawValue::get)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::kind::SERVICE;
    use serde_json::{Value, json};

    fn read(metadata: Value) -> Child {
        let mut object = json!({ "metadata": { "name": "a", "uid": "u", "resourceVersion": "7" } });
        object["metadata"].as_object_mut().unwrap().extend(metadata.as_object().unwrap().clone());
        let [name, node_label, cluster_label, intent] = ["op", "g/node", "g/uid", "g/intent"].map(str::to_owned);
        let manager = Manager { name, node_label, cluster_label, intent };
        Child::read(&Kind::Row(&SERVICE), &[manager], &object.to_string()).unwrap()
    }

    fn entry(manager: &str, subresource: &str, fields: Value) -> Value {
        json!({ "manager": manager, "operation": "Apply", "subresource": subresource, "fieldsV1": fields })
    }

    #[test]
    fn only_the_operator_s_entry_and_its_annotation_are_seen() {
        let ours = json!({ "f:spec": { "f:type": {} } });
        let with = |entries: Vec<Value>, intent: &str| {
            read(json!({ "managedFields": entries, "annotations": { "g/intent": intent, "other": intent } })).seen
        };
        let alone = with(vec![entry("op", "", ours.clone())], "x");
        let others = vec![
            entry("someone", "", ours.clone()),
            entry("op", "", ours.clone()),
            entry("op", "status", json!({ "f:status": {} })),
            entry("op-scale", "", json!({ "f:spec": {} })),
        ];
        assert_eq!(with(others, "x"), alone);
        assert_ne!(with(vec![entry("op", "", json!({ "f:spec": {} }))], "x"), alone);
        assert_ne!(with(vec![entry("op", "", ours)], "y"), alone);
        assert_ne!(with(vec![], "x"), alone);
    }

    #[test]
    fn the_controller_is_the_owner_that_is_marked_so() {
        let owner =
            |uid: &str, controller: bool| json!({ "kind": "Data", "name": "a", "uid": uid, "controller": controller });
        let child = read(json!({ "ownerReferences": [owner("1", false), owner("2", true)] }));
        assert_eq!(child.controller.as_deref(), Some("2"));
        assert_eq!(read(json!({})).controller, None);
    }
}
