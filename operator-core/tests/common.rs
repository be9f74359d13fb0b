//! What several of these tests need: a kind, parts of node types, and objects as an API server would have them.

use operator_core::{
    definition::{Cardinality, Definition, NodeTemplate, NodeType, Port, Protocol, StorageTemplate, Workload},
    model::kind::ChildKind,
    render::{Content, Desired, Identity, Revisions, build},
    settings::Invalid,
    state::Child,
};
use serde_json::{Value, json};

/// A kind without nodes.
pub const DATA: Definition = Definition {
    group: "tests.example.com",
    version: "v1",
    kind: "Data",
    plural: "data",
    singular: "data",
    image: Some("image"),
    defaults: Some("defaults"),
    ..Definition::EMPTY
};

pub const HTTP: Port = Port { name: "http", number: 80, protocol: Protocol::Tcp };

/// A claim, `data`, of this size.
pub const fn storage(size: &'static str) -> StorageTemplate {
    StorageTemplate { name: "data", mount: "/data", size, class: None }
}

/// A node type of none or one node, in the field of its name.
pub const fn optional(name: &'static str, template: NodeTemplate) -> NodeType {
    NodeType { name, field: name, cardinality: Cardinality::Optional, order: 0, template, place: NodeTemplate::EMPTY }
}

/// A node type of many nodes, `store`, in the field `stores`.
pub const fn stores(template: NodeTemplate) -> NodeType {
    NodeType { field: "stores", cardinality: Cardinality::Many, order: 1, ..optional("store", template) }
}

/// Says the workload and nothing else.
pub const fn of(workload: Workload) -> NodeTemplate {
    NodeTemplate { workload: Some(workload), ..NodeTemplate::EMPTY }
}

pub fn cluster(name: &str) -> Identity {
    Identity { namespace: "default".to_owned(), name: name.to_owned(), uid: "uid".to_owned() }
}

/// The children of the cluster `a`, of which no ConfigMap or Secret is there yet; or what is wrong with the spec.
pub fn built(definition: &'static Definition, spec: &Value) -> Result<Desired, Vec<String>> {
    build(&cluster("a"), Revisions { newest: spec }, definition, &|_| Content::Missing).map_err(|it| sentences(&it))
}

pub fn sentences(errors: &[Invalid]) -> Vec<String> {
    errors.iter().map(ToString::to_string).collect()
}

/// As `fieldsV1` names the fields of a value.
pub fn fields(value: &Value) -> Value {
    match value {
        Value::Object(map) => map.iter().map(|(key, value)| (format!("f:{key}"), fields(value))).collect(),
        _ => json!({}),
    }
}

/// An entry of managedFields: who owns these fields, and by which operation.
pub fn entry(manager: &str, operation: &str, owned: &Value) -> Value {
    json!({ "manager": manager, "operation": operation, "fieldsV1": fields(owned) })
}

/// What is applied of an object: all but its names.
pub fn body(json: &Value) -> Value {
    let mut body = json.clone();
    body.as_object_mut().unwrap().retain(|key, _| !["apiVersion", "kind", "status"].contains(&key.as_str()));
    body["metadata"]
        .as_object_mut()
        .unwrap()
        .retain(|key, _| !["name", "namespace", "uid", "resourceVersion"].contains(&key.as_str()));
    body
}

/// An object as it is observed, once the API server has given it what it gives to all.
pub fn observed(kind: &'static ChildKind, mut live: Value, uid: &str, managed: Vec<Value>) -> Child {
    let metadata = live["metadata"].as_object_mut().unwrap();
    metadata.insert("uid".to_owned(), uid.into());
    metadata.insert("resourceVersion".to_owned(), "7".into());
    metadata.insert("generation".to_owned(), 1.into());
    metadata.insert("managedFields".to_owned(), managed.into());
    Child::reduce(kind, "data-operator", "tests.example.com/node", &live).unwrap()
}
