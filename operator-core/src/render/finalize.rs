//! What all children share, and the digest of what is sent.

use std::{
    collections::{BTreeMap, HashSet},
    sync::Arc,
};

use serde_json::{Value, json};

use super::{
    config_hash,
    names::{Names, cluster_label},
    secret,
};
use crate::{
    model::{
        ChildKind, Digest, Node, Object, Scale,
        kind::{CLAIM, SECRET},
    },
    settings::{
        Invalid, ResolvedNode,
        json::{drop_null, fields},
    },
};

impl Object {
    /// An object of `node` with this body (`spec`, `data`, further `metadata`). What all children share is added when it is finalized.
    pub(crate) fn new(kind: &'static ChildKind, name: String, node: Option<&ResolvedNode>, body: Value) -> Self {
        Self {
            kind: kind.into(),
            name,
            node: node.map(|node| node.at.clone()),
            json: body,
            intent: Digest::of(&Value::Null),
            claims: Vec::new(),
            scale: node.filter(|_| kind.is_workload()).map_or(Scale::Unscaled, |node| node.at.scale),
            generate: Vec::new(),
            hash: None,
            once: kind.once,
        }
    }
}

/// Sets what all children share (kind, name, labels, the controller reference, the intent), whatever a hook has changed. A claim has no
/// controller: it outlives the cluster. A cluster-scoped object has a label instead: the garbage collector would take it for an orphan. `null`
/// isn't sent: the operator would own the field without need.
pub fn finalize(object: &mut Object, names: &Names<'_>) {
    drop_null(&mut object.json);
    let mut body = fields(object.json.take());
    let mut metadata = fields(body.remove("metadata").unwrap_or_default());
    let mut own = |field: &str| fields(metadata.remove(field).unwrap_or_default());
    let mut labels = own("labels");
    labels.extend(names.labels(object.node.as_deref()));
    let is_inside = object.kind.namespaced;
    labels.extend((!is_inside).then(|| (cluster_label(names.definition.group), names.cluster.uid.as_str().into())));
    let mut annotations = own("annotations");
    annotations.insert(names.intent(), Value::Null);
    metadata.extend(fields(json!({
        "name": object.name,
        "namespace": is_inside.then_some(&names.cluster.namespace),
        "ownerReferences": (is_inside && object.kind != &CLAIM).then(|| [names.owner_reference()]),
        "labels": labels,
        "annotations": annotations,
    })));
    metadata.retain(|_, value| !value.is_null());
    body.remove("status");
    body.extend(fields(json!({
        "apiVersion": object.kind.api_version(),
        "kind": object.kind.kind,
        "metadata": metadata,
    })));
    object.json = body.into();
    if object.kind == &SECRET {
        secret::normalize(&mut object.json);
    }
    object.once |= object.json.get("immutable") == Some(&Value::Bool(true));
    config_hash::put(object, &BTreeMap::new());
    set_intent(object, &names.intent());
}

/// Computes the digest of what is sent, and puts it into the object's annotation. The digest of an object that never changes covers the
/// metadata only.
pub fn set_intent(object: &mut Object, annotation: &str) {
    set_annotation(object, annotation, Value::Null);
    let generate: Vec<&str> = object.generate.iter().map(|(key, _)| key.as_str()).collect();
    let sent = if object.once { &object.json["metadata"] } else { &object.json };
    object.intent = Digest::of_all([sent, &json!([object.scale, generate])]);
    set_annotation(object, annotation, object.intent.to_string().into());
}

fn set_annotation(object: &mut Object, annotation: &str, value: Value) {
    if let Some(place) = object.json.pointer_mut("/metadata/annotations").and_then(|all| all.get_mut(annotation)) {
        *place = value;
    }
}

/// Nodes of the same name: workloads that a hook added.
pub fn namesakes(nodes: &[Arc<Node>]) -> Vec<Invalid> {
    let mut seen = HashSet::new();
    let again = nodes.iter().filter(|node| !seen.insert(node.name.as_str()));
    let message = |node: &Node| {
        let (kind, name) = (&node.kind.kind, &node.name);
        format!("the {kind} that the hook adds would be the second node `{name}`: give it another name")
    };
    again.map(|node| Invalid::new(node.path.as_str(), message(node))).collect()
}

/// Children of the same kind and name.
pub fn duplicates(objects: &[Object]) -> Vec<Invalid> {
    let mut sorted: Vec<&Object> = objects.iter().collect();
    sorted.sort_by_key(|object| (&object.kind, &object.name));
    let whose = |object: &Object| object.node_name().unwrap_or("the cluster").to_owned();
    let pairs = sorted.windows(2).filter_map(|pair| match pair {
        [one, other] if one.is(other) => Some((one, other)),
        _ => None,
    });
    pairs
        .map(|(one, other)| {
            let (kind, name) = (&one.kind.kind, &one.name);
            let message = format!("{} and {} would both have the {kind} {name}: rename one", whose(one), whose(other));
            Invalid::new("", message)
        })
        .collect()
}
