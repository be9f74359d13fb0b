//! A child object as it leaves the build.

use std::fmt;

use serde_json::{Value, json};

use super::{names::Names, secret};
use crate::{
    model::Digest,
    model::kind::{self, ChildKind, SECRET},
    settings::{Invalid, Quantity, ResolvedNode, Scale},
    state::{child, owned},
};

/// A child object, without any type: group, version, kind, name, JSON.
#[derive(Clone)]
pub struct Object {
    /// Its kind.
    pub kind: &'static ChildKind,
    /// Its name.
    pub name: String,
    /// Node it belongs to; none: the whole cluster.
    pub node: Option<String>,
    /// Node type of that node.
    pub node_type: Option<&'static str>,
    /// Where that node stands in the spec: `historicals.hot`.
    pub path: String,
    /// What is sent to the API server. Of an autoscaled workload without `replicas`.
    pub json: Value,
    /// Over what is sent, in canonical form.
    pub digest: Digest,
    /// The same without `replicas`, where the spec doesn't say how many.
    pub unscaled: Digest,
    /// Over the part that can't be changed in place.
    pub immutable: Digest,
    /// Claims of every pod and their sizes (StatefulSets only).
    pub claims: Vec<(String, Quantity)>,
    /// Position of its node in upgrades.
    pub order: i32,
    /// How the number of its pods is decided.
    pub scale: Scale,
    /// What must be there before it is created or changed: sentences.
    pub waits_for: Vec<String>,
    /// Keys of a Secret that are filled with so many random letters and digits when it is created, and kept from then on.
    pub generate: Vec<(String, u32)>,
    /// Over each value that a Secret's JSON has, by key: the other digests are over its keys alone.
    pub given: Vec<(Box<str>, Digest)>,
    /// Once it is there, it is never changed (Jobs).
    pub once: bool,
}

/// Without its JSON: a Secret's may hold what nobody shall see.
impl fmt::Debug for Object {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Object")
            .field("kind", &self.kind.kind)
            .field("name", &self.name)
            .field("node", &self.node)
            .field("digest", &self.digest)
            .finish_non_exhaustive()
    }
}

impl Object {
    /// An object of `node` with this body (`spec`, `data`, further `metadata`). What all children share is put around it when it is sealed.
    pub(super) fn new(kind: &'static ChildKind, name: String, node: Option<&ResolvedNode>, body: Value) -> Self {
        let empty = Digest::of(&Value::Null);
        Self {
            kind,
            name,
            node: node.map(|node| node.name.clone()),
            node_type: node.map(|node| node.node_type.name),
            path: node.map(|node| node.path.clone()).unwrap_or_default(),
            json: body,
            digest: empty,
            unscaled: empty,
            immutable: empty,
            claims: Vec::new(),
            order: node.map_or(0, |node| node.order),
            scale: node.filter(|_| kind.is_workload()).map_or(Scale::Unscaled, ResolvedNode::scale),
            waits_for: Vec::new(),
            generate: Vec::new(),
            given: Vec::new(),
            once: false,
        }
    }

    /// Whether both are of one kind and name.
    pub(super) fn is(&self, other: &Self) -> bool {
        self.kind == other.kind && self.name == other.name
    }

    /// Puts what all children share into it (kind, name, labels, the controller reference), whatever a hook did to it, and takes the digests.
    pub(super) fn seal(&mut self, names: &Names<'_>) {
        self.kind = kind::known(self.kind);
        let mut json = json!({
            "apiVersion": self.kind.api_version(),
            "kind": self.kind.kind,
            "metadata": {
                "name": self.name,
                "namespace": names.cluster.namespace,
                "ownerReferences": [names.owner_reference()],
            },
        });
        let mut labels = self.json.pointer("/metadata/labels").and_then(Value::as_object).cloned().unwrap_or_default();
        labels.extend(names.labels(self.node_type.zip(self.node.as_deref())));
        json["metadata"]["labels"] = labels.into();
        // An empty map would be owned as a whole, with what others put into it.
        let annotations = self.json.pointer("/metadata/annotations").and_then(Value::as_object);
        if let Some(annotations) = annotations.filter(|annotations| !annotations.is_empty()) {
            json["metadata"]["annotations"] = annotations.clone().into();
        }
        if let (Value::Object(json), Value::Object(body)) = (&mut json, &self.json) {
            let body =
                body.iter().filter(|(key, _)| !["apiVersion", "kind", "metadata", "status"].contains(&key.as_str()));
            json.extend(body.map(|(key, value)| (key.clone(), value.clone())));
        }
        let canonical = if self.kind == &SECRET {
            secret::settle(&mut json);
            self.given = child::values(&json);
            owned::canonical(secret::filled(json.clone(), &self.generate, |_| Value::Null), self.kind)
        } else {
            owned::canonical(json.clone(), self.kind)
        };
        self.digest = Digest::of(&canonical);
        self.immutable = owned::immutable(&canonical, self.kind);
        self.unscaled = match self.scale {
            Scale::Initial => {
                let mut unscaled = canonical;
                unscaled.get_mut("spec").and_then(Value::as_object_mut).map(|spec| spec.remove("replicas"));
                Digest::of(&unscaled)
            }
            _ => self.digest,
        };
        self.json = json;
    }
}

/// Two children of one kind and name can't both be.
pub fn twins(objects: &[Object]) -> Vec<Invalid> {
    let mut sorted: Vec<&Object> = objects.iter().collect();
    sorted.sort_by_key(|object| (object.kind.kind, object.kind.group, &object.name));
    let twins = sorted.windows(2).filter_map(|pair| match pair {
        [one, other] if one.is(other) => Some((one, other)),
        _ => None,
    });
    let whose = |object: &Object| object.node.clone().unwrap_or_else(|| "the cluster".to_owned());
    twins
        .map(|(one, other)| {
            let (kind, name) = (one.kind.kind, &one.name);
            let message = format!("{} and {} would both have the {kind} {name}: rename one", whose(one), whose(other));
            Invalid::new("", message)
        })
        .collect()
}
