//! The blueprint of a cluster: every child object of a definition and a spec. Pure: the same cluster gives the same objects.
//!
//! | module | holds |
//! | --- | --- |
//! | [`names`] | names of objects, labels, selectors |
//! | `config_map`, `secret`, `service`, … | a child kind each, all of one form |
//! | `workload` | what every workload has |
//! | `finalize` | what all children share, and their intent |
//! | `config_hash` | the configuration hash, in the pods |
//! | `of_node` | the children of one node |
//! | `pod` | the pod template of every workload |
//! | `powers` | what nodes may have only where the author allows it |
//! | `normal` | the form that server-side apply needs |
//! | `strategy` | how a node's pods are replaced |
//! | `files` | configuration files |
//! | `format` | how configuration files are written |
//! | `placeholder` | references in texts, `${service.brokers.http}` |
//! | `pod_facts` | variables for what differs between pods |
//! | `secrets` | which Secrets a node reads, and how |
//! | `resource` | the custom resource |
//! | `revision` | the spec, kept as the last one that was accepted |
//! | `references` | the ConfigMaps and Secrets that pods refer to |
//! | [`external`] | what the cluster depends on, and where that is |
//! | [`customize`] | the author's hook |
//! | [`cluster`] | a kind of cluster, as its author wrote it |
//! | `form` | what users write, where its shape isn't that of the author's struct |

pub mod cluster;
mod config_hash;
mod config_map;
pub mod customize;
mod daemon_set;
mod deployment;
pub mod external;
mod files;
mod finalize;
mod form;
pub(crate) mod format;
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
mod pod_facts;
mod powers;
mod references;
mod resource;
mod revision;
mod role;
mod role_binding;
pub(crate) mod secret;
mod secrets;
mod service;
mod service_account;
mod service_monitor;
mod stateful_set;
pub(crate) mod strategy;
mod vertical_pod_autoscaler;
mod workload;

use std::{
    collections::{BTreeMap, BTreeSet, HashSet},
    sync::{Arc, OnceLock},
};

use lz4_flex::block;
use serde_json::Value;

use crate::{
    definition::Peer,
    model::{
        Content, Identity, Kind, Node, Object, Reference, Source,
        kind::{CLAIM, SECRET},
    },
    settings::{self, Invalid, ResolvedNode, resolve},
};
pub use cluster::Author;
pub use customize::{Children, Customize, HookError, Scope};
pub(crate) use form::call as call_form;
pub use form::{Form, Formed, Former, Origins};
use names::Names;
pub(crate) use placeholder::unescape;
use pod_facts::PodFacts;
pub use resource::CustomResource;

/// Everything that a cluster consists of, as far as definition and spec say it.
#[derive(Clone, Debug, Default)]
pub struct Blueprint {
    /// The children, in the order of creation: configuration, Services, workloads, what is about workloads. Those whose pods refer to
    /// something lack its digest; see [`Blueprint::with`].
    pub objects: Vec<Arc<Object>>,
    /// The nodes, in the order of the spec, and then the workloads that a hook added.
    pub nodes: Vec<Arc<Node>>,
    /// What the cluster depends on and the operator doesn't run, as far as the spec names it.
    pub externals: Vec<external::Dependency>,
    /// Label selector of the cluster's pods.
    pub selector: String,
    /// API group of the kind.
    pub(crate) group: &'static str,
    /// Where in the form the parts of the spec come from; none: there is no form.
    pub(crate) origins: Option<Origins>,
}

/// How far LZ4 looks back, in bytes.
const WINDOW: usize = 64 << 10;

/// A node that is rendered, and the cluster that it belongs to.
#[derive(Clone, Copy)]
struct NodeContext<'a> {
    names: &'a Names<'a>,
    /// The spec of the cluster.
    spec: &'a Value,
    /// All nodes of the cluster.
    nodes: &'a [ResolvedNode],
    /// The same, as others reach them.
    peers: &'a [Peer],
    peer: &'a Peer,
    node: &'a ResolvedNode,
    /// Where what is read of pods is noted, in texts that can tell one pod from another.
    pods: Option<&'a PodFacts>,
}

impl Blueprint {
    /// What the pods refer to that isn't the operator's own configuration.
    pub fn references(&self) -> BTreeSet<&Reference> {
        let hashes = self.objects.iter().filter_map(|object| object.hash.as_ref());
        hashes.flat_map(|hash| &hash.reads).map(|(reference, _)| reference).collect()
    }

    /// Whether what pods refer to is a Secret of the cluster's own.
    pub fn writes(&self, reference: &Reference) -> bool {
        let is_it = |object: &Arc<Object>| object.kind == &SECRET && object.name == reference.name;
        reference.source == Source::Secret && self.objects.iter().any(is_it)
    }

    /// The object of this kind and name.
    pub fn find(&self, kind: &Kind, name: &str) -> Option<&Arc<Object>> {
        self.objects.iter().find(|object| object.kind == *kind && object.name == name)
    }

    /// The kinds that have to be watched for it.
    pub fn kinds(&self) -> impl Iterator<Item = Kind> {
        let claims = self.objects.iter().any(|object| !object.claims.is_empty()).then_some(Kind::Row(&CLAIM));
        self.objects.iter().map(|object| object.kind.clone()).chain(claims)
    }

    /// The desired objects, where the pods refer to these contents. Other contents are unknown.
    pub fn with(&self, contents: &BTreeMap<Reference, Content>) -> Vec<Arc<Object>> {
        let annotation = names::intent(self.group);
        let finished = |object: &Arc<Object>| match &object.hash {
            Some(hash) if !hash.reads.is_empty() => {
                let mut object = Object::clone(object);
                config_hash::put(&mut object, contents);
                finalize::set_intent(&mut object, &annotation);
                Arc::new(object)
            }
            _ => object.clone(),
        };
        self.objects.iter().map(finished).collect()
    }

    /// A mistake in the words of what the user wrote.
    pub(crate) fn invalid(&self, invalid: Invalid) -> Invalid {
        match &self.origins {
            Some(origins) => origins.invalid(invalid),
            None => invalid,
        }
    }

    /// As it is kept. `alike`: the first of its kind, which the others differ little from.
    pub fn pack(self, alike: &OnceLock<Arc<[u8]>>) -> Packed {
        let mut objects: Vec<Object> = self.objects.into_iter().map(Arc::unwrap_or_clone).collect();
        let json: Vec<Value> = objects.iter_mut().map(|object| object.json.take()).collect();
        let json = Value::from(json).to_string();
        let alike = alike.get_or_init(|| json.as_bytes()[json.len().saturating_sub(WINDOW)..].into()).clone();
        let json = block::compress_prepend_size_with_dict(json.as_bytes(), &alike).into();
        Packed { json, alike, objects, rest: Self { objects: Vec::new(), ..self } }
    }
}

/// A [`Blueprint`] as it is kept: the JSON of its objects is text, compressed to what is different in it.
pub struct Packed {
    json: Box<[u8]>,
    alike: Arc<[u8]>,
    objects: Vec<Object>,
    rest: Blueprint,
}

impl Packed {
    /// The blueprint; none where it can't be read, which isn't known to happen.
    pub fn unpack(&self) -> Option<Blueprint> {
        let json = block::decompress_size_prepended_with_dict(&self.json, &self.alike).ok()?;
        let json: Vec<Value> = serde_json::from_slice(&json).ok()?;
        let objects = self.objects.iter().zip(json);
        let objects = objects.map(|(object, json)| Arc::new(Object { json, ..object.clone() })).collect();
        Some(Blueprint { objects, ..self.rest.clone() })
    }
}

/// Renders the blueprint of a cluster with this spec, as its type has it: that of the author's form, where there is one.
///
/// # Errors
/// Everything that is wrong with the spec and only shows once its layers are merged. Nothing is returned then: nothing is half-applied.
pub fn render(cluster: &Identity, spec: &Value, author: impl Into<Author>) -> Result<Blueprint, Vec<Invalid>> {
    let author = author.into();
    let Some(form) = author.form else { return of_struct(cluster, spec, spec, author) };
    let formed = form(spec, cluster)?;
    let origins = formed.origins();
    match of_struct(cluster, &formed.spec, spec, author) {
        Ok(mut blueprint) => {
            // Where no references are replaced, literal texts are as they were written, too.
            blueprint.objects.iter_mut().for_each(|object| placeholder::unescape(&mut Arc::make_mut(object).json));
            blueprint.externals.iter_mut().for_each(|external| placeholder::unescape(&mut external.value));
            Ok(Blueprint { origins: Some(origins.clone()), ..blueprint })
        }
        Err(invalid) => Err(invalid.into_iter().map(|invalid| origins.invalid(invalid)).collect()),
    }
}

/// Renders the blueprint of a spec as the author's struct has it. `written` is what the user wrote.
fn of_struct(cluster: &Identity, spec: &Value, written: &Value, author: Author) -> Result<Blueprint, Vec<Invalid>> {
    let Author { definition, customize, validate, .. } = author;
    let names = Names { cluster, definition, customize };
    // The author's other functions count on what these rules say.
    let refused = validate.map_or_else(Vec::new, |validate| validate(spec));
    let nodes = resolve(definition, spec).map_err(|invalid| [refused.as_slice(), &invalid].concat())?;
    if !refused.is_empty() {
        return Err(settings::once(refused));
    }
    let mut errors = Vec::new();
    let mut objects = Vec::new();
    let mut blueprint =
        Blueprint { selector: names.selector_of_all(), group: definition.group, ..Blueprint::default() };
    match external::read(definition, spec) {
        Ok(externals) => blueprint.externals = externals,
        Err(invalid) => errors.extend(invalid),
    }
    let mut of_cluster = Children::new(&names, None);
    of_cluster.extend(secrets::generated(&names, None, definition.secrets, spec));
    errors.extend(names.shared_selectors(&nodes));
    let peers: Vec<Peer> = nodes.iter().map(|node| placeholder::peer(&names, node)).collect();
    for (node, peer) in nodes.iter().zip(&peers) {
        let context = NodeContext { names: &names, spec, nodes: &nodes, peers: &peers, node, peer, pods: None };
        let rendered = context.resolved().and_then(|node| {
            let children = of_node::render(&NodeContext { node: &node, ..context })?;
            Ok((children, node))
        });
        match rendered {
            Ok((children, node)) => {
                objects.extend(children);
                blueprint.nodes.push(node.at);
            }
            Err(invalid) => errors.extend(invalid),
        }
    }
    match of_cluster.customized(&names, spec, &Scope { cluster, node: None }) {
        Ok(children) => objects.extend(children.into_objects()),
        Err(invalid) => errors.extend(invalid),
    }
    config_hash::add_key(&mut objects, cluster);
    objects.extend(revision::build(&names, written));
    objects.iter_mut().for_each(|object| finalize::finalize(object, &names));
    objects.sort_by_key(|object| (object.kind.stage, object.kind.position()));
    // Files of the whole cluster come from every node that reads them.
    let mut seen = HashSet::new();
    objects.retain(|object| seen.insert((object.kind.clone(), object.name.clone(), object.intent)));
    errors.extend(finalize::duplicates(&objects));
    blueprint.nodes.extend(objects.iter().filter_map(|object| object.node.clone().filter(|node| node.is_added())));
    errors.extend(finalize::namesakes(&blueprint.nodes));
    blueprint.objects = objects.into_iter().map(Arc::new).collect();
    if errors.is_empty() { Ok(blueprint) } else { Err(settings::once(errors)) }
}
