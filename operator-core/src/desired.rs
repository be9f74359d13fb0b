//! Every child object that a cluster shall have. Pure: the same cluster gives the same objects.
//!
//! | module | holds |
//! | --- | --- |
//! | [`names`] | names of objects, labels, selectors |
//! | `config_map`, `secret`, `service`, … | a child kind each, all of one form |
//! | `pod` | the pod template of every workload |
//! | `normal` | the form in which the API server stores it |
//! | `ports`, `strategy` | a node's ports; how its pods are replaced |
//! | `files` | configuration files: values, hash |
//! | `format` | how configuration files are written |
//! | `placeholder` | references in texts, `${service.brokers.http}` |
//! | `secrets` | which Secrets a node reads, and how |
//! | [`references`] | the ConfigMaps and Secrets that pods refer to |
//! | [`external`] | what the cluster depends on, and where that is |
//! | [`customize`] | the author's hook |

mod autoscaler;
mod config_map;
pub mod customize;
mod daemon_set;
mod deployment;
mod disruption_budget;
pub mod external;
mod files;
mod format;
mod http_route;
mod ingress;
mod job;
pub mod names;
mod network_policy;
mod normal;
mod placeholder;
mod pod;
mod ports;
pub mod references;
mod role;
mod role_binding;
pub(crate) mod secret;
mod secrets;
mod service;
mod service_account;
mod service_monitor;
mod stateful_set;
pub(crate) mod strategy;

use std::{
    collections::{BTreeMap, HashSet},
    fmt,
};

use serde_json::{Value, json};

use crate::{
    definition::{Definition, Workload},
    hash::Digest,
    kinds::{self, ChildKind, SECRET},
    node::{self, Effective, Invalid, Scale, effective},
    observe::{child, owned},
};
pub use customize::{Children, Customize, Scope};
use names::Names;
pub use references::{Content, Reference};

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
#[derive(Clone, Debug, Default)]
pub struct Desired {
    /// The children, in the order of creation: configuration, Services, workloads, what is about workloads.
    pub objects: Vec<Object>,
    /// The nodes, in the order of the spec.
    pub nodes: Vec<Node>,
    /// What the pods refer to that isn't the operator's own configuration, with what was known of it.
    pub references: BTreeMap<Reference, Content>,
    /// What the cluster depends on and the operator doesn't run, as far as the spec names it.
    pub externals: Vec<external::Dependency>,
}

impl Desired {
    /// Without the objects' JSON: enough to plan by, not to write.
    #[must_use]
    pub fn outline(&self) -> Self {
        let outline = |object: &Object| Object { json: Value::Null, ..object.clone() };
        Self { objects: self.objects.iter().map(outline).collect(), ..self.clone() }
    }

    /// Over all objects.
    pub fn digest(&self) -> Digest {
        Digest::of(&self.objects.iter().map(|object| Value::from(object.digest.to_string())).collect())
    }
}

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
    pub claims: Vec<(String, crate::node::Quantity)>,
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

/// A node, as the status needs it.
#[derive(Clone, Debug)]
pub struct Node {
    /// Node type and key: `historical-hot`.
    pub name: String,
    /// Kind of its workload.
    pub kind: &'static ChildKind,
    /// Name of its workload.
    pub workload: String,
    /// Wanted pods, as far as the spec says.
    pub replicas: i32,
    /// How their number is decided.
    pub scale: Scale,
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

/// Puts together every child object of a cluster. `contents` says what is known of a ConfigMap or Secret that pods refer to.
///
/// # Errors
/// Everything that is wrong with the spec and only shows once its layers are merged. Nothing is returned then: nothing is half-applied.
pub fn build(
    cluster: &Identity,
    revisions: Revisions<'_>,
    definition: &'static Definition,
    contents: &dyn Fn(&Reference) -> Content,
) -> Result<Desired, Vec<Invalid>> {
    let spec = revisions.newest;
    let names = Names { cluster, definition };
    let nodes = effective(definition, spec)?;
    let mut errors = Vec::new();
    let mut built = Desired::default();
    match external::read(definition, spec) {
        Ok(externals) => built.externals = externals,
        Err(invalid) => errors.extend(invalid),
    }
    let mut of_cluster = Children::new(&names, None);
    of_cluster.extend(secrets::generated(&names, None, definition.secrets, spec));
    for node in &nodes {
        let built_node = placeholder::settle(&names, spec, &nodes, node)
            .and_then(|node| build_node(&names, spec, &nodes, &node, contents, &mut built.references));
        match built_node {
            Ok((children, row)) => {
                built.objects.extend(children);
                built.nodes.push(row);
            }
            Err(invalid) => errors.extend(invalid),
        }
    }
    match of_cluster.customized(definition, spec, &Scope { cluster, node: None }) {
        Ok(children) => built.objects.extend(children.into_objects()),
        Err(invalid) => errors.push(invalid),
    }
    built.objects.iter_mut().for_each(|object| object.seal(&names));
    built.objects.sort_by_key(|object| (object.kind.stage, kinds::position(object.kind)));
    // Files of the whole cluster come from every node that reads them.
    let mut seen = HashSet::new();
    built.objects.retain(|object| seen.insert((object.kind, object.name.clone(), object.digest)));
    errors.extend(twins(&built.objects));
    if errors.is_empty() { Ok(built) } else { Err(node::once(errors)) }
}

/// The children of one node.
fn build_node(
    names: &Names<'_>,
    spec: &Value,
    nodes: &[Effective],
    node: &Effective,
    contents: &dyn Fn(&Reference) -> Content,
    references: &mut BTreeMap<Reference, Content>,
) -> Result<(Vec<Object>, Node), Vec<Invalid>> {
    let files = files::read(names, spec, nodes, node)?;
    let secrets = secrets::read(names, spec, node)?;
    let pod = pod::build(names, node, &files, &secrets)?;
    let containers = pod::containers(&pod);
    let mut children = Children::new(names, Some(node));
    children.extend(files.iter().map(|file| config_map::build(file, node)));
    children.extend(secrets::generated(names, Some(node), &node.node_type.secrets(), &node.own));
    children.extend(around(names, node, &pod)?);
    children.push_workload(match node.node_type.workload() {
        Workload::StatefulSet => stateful_set::build(names, node, pod),
        Workload::Deployment => deployment::build(names, node, pod),
        Workload::DaemonSet => daemon_set::build(names, node, pod),
        Workload::Job => job::build(names, node, pod),
    });
    let scope = Scope { cluster: names.cluster, node: Some(node) };
    let customized = children.customized(names.definition, spec, &scope);
    let mut children = customized.map_err(|invalid| vec![invalid])?;
    let Some(workload) = children.workload_mut() else {
        let message = "the hook dropped the node's workload; leave the node out of the spec instead";
        return Err(vec![Invalid::new(node.path.as_str(), message)]);
    };

    // After the hook, so that what its sidecars refer to counts.
    let template = &mut workload.json["spec"]["template"];
    pod::finish(names, node, template, &containers);
    let own: Vec<&str> = files.iter().map(|file| file.config_map.as_str()).collect();
    let mut read = BTreeMap::new();
    for (reference, optional) in references::of(template, &own) {
        let content = contents(&reference);
        match content {
            // Whatever it is comes into the hash: to go on without it would restart pods for nothing.
            Content::Unknown => workload.waits_for.push(format!("{reference} is not known yet")),
            Content::Missing if !optional => workload.waits_for.push(format!("{reference} is not there yet")),
            Content::Missing | Content::Present(_) => {}
        }
        read.insert(reference, content);
    }
    let revision = files::hash(&files, &read);
    references.extend(read);
    pod::stamp(names, node, template, &revision);
    match node.node_type.workload() {
        Workload::Job => workload.name = job::name(names, node, template, &revision),
        _ => workload.json["spec"]["selector"] = json!({ "matchLabels": names.selector(&node.name) }),
    }
    workload.claims = stateful_set::claims(&workload.json);
    let row = Node {
        name: node.name.clone(),
        kind: workload.kind,
        workload: workload.name.clone(),
        replicas: node.replicas(),
        scale: node.scale(),
        revision,
        order: node.order,
    };
    Ok((children.into_objects(), row))
}

/// What stands around the workload of a node, whose pods are as `pod`.
fn around(names: &Names<'_>, node: &Effective, pod: &Value) -> Result<Vec<Object>, Vec<Invalid>> {
    let workload = match node.node_type.workload() {
        Workload::StatefulSet => &crate::kinds::STATEFUL_SET,
        Workload::Deployment => &crate::kinds::DEPLOYMENT,
        Workload::DaemonSet => &crate::kinds::DAEMON_SET,
        Workload::Job => &crate::kinds::JOB,
    };
    let account = pod.pointer("/spec/serviceAccountName").and_then(Value::as_str).unwrap_or_default();
    let autoscaler = autoscaler::build(names, node, workload, pod).map_err(|invalid| vec![invalid])?;
    let mut built = Vec::new();
    built.extend(service_account::build(names, node, account));
    built.extend(role::build(names, node));
    built.extend(role_binding::build(names, node, account));
    built.extend(service::build(names, node));
    built.extend(network_policy::build(names, node, pod));
    built.extend(disruption_budget::build(names, node));
    built.extend(ingress::build(names, node));
    built.extend(http_route::build(names, node));
    built.extend(service_monitor::build(names, node));
    built.extend(autoscaler);
    Ok(built)
}

/// For the workloads that know how long a pod must be ready. 0 is Kubernetes' default, which isn't stored.
fn set_min_ready(node: &Effective, spec: &mut Value) {
    if let Some(seconds) = node.spec.settings.min_ready_seconds.filter(|seconds| *seconds > 0) {
        spec["minReadySeconds"] = seconds.into();
    }
}

/// Two children of one kind and name can't both be.
fn twins(objects: &[Object]) -> Vec<Invalid> {
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

impl Object {
    /// An object of `node` with this body (`spec`, `data`, further `metadata`). What all children share is put around it when it is sealed.
    fn new(kind: &'static ChildKind, name: String, node: Option<&Effective>, body: Value) -> Self {
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
            scale: node.filter(|_| kind.is_workload()).map_or(Scale::Unscaled, Effective::scale),
            waits_for: Vec::new(),
            generate: Vec::new(),
            given: Vec::new(),
            once: false,
        }
    }

    /// Whether both are of one kind and name.
    fn is(&self, other: &Self) -> bool {
        self.kind == other.kind && self.name == other.name
    }

    /// Puts what all children share into it (kind, name, labels, the controller reference), whatever a hook did to it, and takes the digests.
    fn seal(&mut self, names: &Names<'_>) {
        self.kind = kinds::known(self.kind);
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
