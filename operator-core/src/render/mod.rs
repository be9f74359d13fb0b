//! Every child object that a cluster shall have. Pure: the same cluster gives the same objects.
//!
//! | module | holds |
//! | --- | --- |
//! | [`names`] | names of objects, labels, selectors |
//! | `config_map`, `secret`, `service`, … | a child kind each, all of one form |
//! | `object` | a child as it leaves the build: with its digests |
//! | `of_node` | what one node comes to |
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

pub mod cluster;
mod config_map;
pub mod customize;
mod daemon_set;
mod deployment;
pub mod external;
mod files;
mod format;
mod horizontal_pod_autoscaler;
mod http_route;
mod ingress;
mod job;
pub mod names;
mod network_policy;
mod normal;
mod of_node;
mod placeholder;
mod pod;
mod pod_disruption_budget;
mod ports;
pub mod references;
mod role;
mod role_binding;
mod seal;
pub(crate) mod secret;
mod secrets;
mod service;
mod service_account;
mod service_monitor;
mod stateful_set;
pub(crate) mod strategy;

use std::collections::{BTreeMap, HashSet};

use serde_json::Value;

use crate::{
    definition::Definition,
    model::Digest,
    model::kind::{self, ChildKind},
    settings::{self, Invalid, Scale, resolve},
};
pub use customize::{Children, Customize, Scope};
use names::Names;
pub use references::{Content, Reference};
pub use seal::Object;

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
    let nodes = resolve(definition, spec)?;
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
            .and_then(|node| of_node::build(&names, spec, &nodes, &node, contents, &mut built.references));
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
    built.objects.sort_by_key(|object| (object.kind.stage, kind::position(object.kind)));
    // Files of the whole cluster come from every node that reads them.
    let mut seen = HashSet::new();
    built.objects.retain(|object| seen.insert((object.kind, object.name.clone(), object.digest)));
    errors.extend(seal::twins(&built.objects));
    if errors.is_empty() { Ok(built) } else { Err(settings::once(errors)) }
}
