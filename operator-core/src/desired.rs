//! Every child object that a cluster shall have. Pure: the same cluster gives the same objects.
//!
//! | module | holds |
//! | --- | --- |
//! | [`names`] | names of objects, labels, selectors |
//! | `config_map`, `service`, `stateful_set`, `deployment` | a child kind each, all of one form |
//! | `pod` | the pod template of both workloads |
//! | `files` | configuration files: values, formats, hash |

mod config_map;
mod deployment;
mod files;
pub mod names;
mod pod;
mod service;
mod stateful_set;

use serde_json::{Value, json};

use crate::{
    definition::{Definition, Workload},
    hash::Digest,
    kinds::ChildKind,
    node::{Effective, Invalid, effective},
    observe::owned,
};
use files::File;
use names::Names;

/// The identity of a cluster: what its children need to know of it beside the spec.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Identity {
    /// Namespace.
    pub namespace: String,
    /// Name.
    pub name: String,
    /// UID, which every child's controller reference carries.
    pub uid: String,
}

/// Everything a cluster shall consist of.
#[derive(Debug, Default)]
pub struct Desired {
    /// The children, in the order of creation: configuration, Services, workloads.
    pub objects: Vec<Object>,
    /// The nodes, in the order of the spec.
    pub nodes: Vec<Node>,
}

impl Desired {
    /// Without the objects' JSON: enough to plan by, not to write.
    #[must_use]
    pub fn outline(&self) -> Self {
        let outline = |object: &Object| Object {
            kind: object.kind,
            name: object.name.clone(),
            node: object.node.clone(),
            json: Value::Null,
            digest: object.digest,
            immutable: object.immutable,
            claims: object.claims.clone(),
        };
        Self { objects: self.objects.iter().map(outline).collect(), nodes: self.nodes.clone() }
    }

    /// Over all objects.
    pub fn digest(&self) -> Digest {
        Digest::of(&self.objects.iter().map(|object| Value::from(object.digest.to_string())).collect())
    }
}

/// A child object, without any type: group, version, kind, name, JSON.
#[derive(Clone, Debug)]
pub struct Object {
    /// Its kind.
    pub kind: &'static ChildKind,
    /// Its name.
    pub name: String,
    /// Node it belongs to; none: the whole cluster.
    pub node: Option<String>,
    /// What is sent to the API server.
    pub json: Value,
    /// Over what is sent, in canonical form.
    pub digest: Digest,
    /// Over the part that can't be changed in place.
    pub immutable: Digest,
    /// Claims of every pod and their sizes in bytes (StatefulSets only).
    pub claims: Vec<(String, u64)>,
}

/// A node, as the status needs it.
#[derive(Clone, Debug)]
pub struct Node {
    /// Node type and key: `historical-hot`.
    pub name: String,
    /// Kind of its workload.
    pub kind: &'static ChildKind,
    /// Name of its workload.
    pub workload: String,
    /// Wanted pods.
    pub replicas: i32,
    /// Hash of its configuration.
    pub revision: String,
    /// Position in upgrades.
    pub order: i32,
}

/// Which spec each node shall be on. Today that is the newest for all; ordered upgrades choose here.
#[derive(Clone, Copy, Debug)]
pub struct Revisions<'a> {
    /// The spec as it is stored.
    pub newest: &'a Value,
}

/// Puts together every child object of a cluster.
///
/// # Errors
/// Everything that is wrong with the spec and only shows once its layers are merged. Nothing is returned then: nothing is half-applied.
pub fn build(
    cluster: &Identity,
    revisions: Revisions<'_>,
    definition: &'static Definition,
) -> Result<Desired, Vec<Invalid>> {
    let spec = revisions.newest;
    let names = Names { cluster, definition };
    let nodes = effective(definition, spec)?;
    let mut errors = Vec::new();
    let mut collect = |result: Result<Vec<File>, Vec<Invalid>>| {
        result.unwrap_or_else(|invalid| {
            errors.extend(invalid);
            Vec::new()
        })
    };
    let common = collect(files::read(&names, None, definition.configs, "", spec));
    let mut objects: Vec<Object> = common.iter().map(|file| config_map::build(&names, file, None)).collect();
    let mut services = Vec::new();
    let mut workloads = Vec::new();
    let mut rows = Vec::new();
    for node in &nodes {
        let own = collect(files::read(&names, Some(&node.name), &node.node_type.configs(), &node.path, &node.own));
        let revision = files::hash(common.iter().chain(&own));
        objects.extend(own.iter().map(|file| config_map::build(&names, file, Some(node))));
        services.extend(service::build(&names, node));
        let all: Vec<&File> = common.iter().chain(&own).collect();
        let pod = pod::build(&names, node, &all, &revision);
        let workload = match node.node_type.workload() {
            Workload::StatefulSet => stateful_set::build(&names, node, pod),
            Workload::Deployment => deployment::build(&names, node, pod),
        };
        rows.push(Node {
            name: node.name.clone(),
            kind: workload.kind,
            workload: workload.name.clone(),
            replicas: replicas(node),
            revision,
            order: node.node_type.order,
        });
        workloads.push(workload);
    }
    objects.extend(services);
    objects.extend(workloads);
    if errors.is_empty() { Ok(Desired { objects, nodes: rows }) } else { Err(errors) }
}

fn replicas(node: &Effective) -> i32 {
    node.spec.replicas.unwrap_or(1)
}

/// Puts what all children share around `body`: kind, name, labels, the controller reference.
fn object(names: &Names<'_>, kind: &'static ChildKind, name: String, node: Option<&Effective>, body: Value) -> Object {
    let mut json = json!({
        "apiVersion": kind.api_version(),
        "kind": kind.kind,
        "metadata": {
            "name": name,
            "namespace": names.cluster.namespace,
            "labels": names.labels(node.map(|node| (node.node_type.name, node.name.as_str()))),
            "ownerReferences": [names.owner_reference()],
        },
    });
    if let (Value::Object(json), Value::Object(body)) = (&mut json, body) {
        json.extend(body);
    }
    let canonical = owned::canonical(json.clone());
    let digest = Digest::of(&canonical);
    let immutable = owned::immutable(&canonical, kind);
    let node = node.map(|node| node.name.clone());
    Object { kind, name, node, json, digest, immutable, claims: Vec::new() }
}
