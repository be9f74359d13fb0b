//! References to other parts of the cluster in texts: `${service.brokers.http}`. None can dangle.
//!
//! | reference | stands for |
//! | --- | --- |
//! | `${cluster.name}`, `${cluster.namespace}` | the cluster's |
//! | `${node.name}` | the name of the node's workload and Service |
//! | `${node.type}`, `${node.key}`, `${node.replicas}` | its node type; its key, where there are many; its number of pods |
//! | `${pod.name}`, `${pod.ip}` | the pod's, in variables and arguments: files are the same for all pods |
//! | `${pod.ordinal}`, `${pod.host}` | a StatefulSet's pod's number, and the host by which others reach it |
//! | `${service.<field>[.<key>]}` | the host of a node's Service: `<name>.<namespace>.svc` |
//! | `${service.<field>[.<key>].<port>}` | `<host>:<number>`, by the name of the Service's port |
//! | `${external.<name>}` | the address of an external |
//!
//! `<field>` is the field of the spec that places the node type; a map's or list's node is named by its key. `$${cluster.name}` is a literal
//! `${cluster.name}`. What begins otherwise (`${user.home}`, `$${date:yyyy}`) is left as it is: applications have such a syntax of their own.

use k8s_openapi::apimachinery::pkg::util::intstr::IntOrString;
use serde_json::Value;

use super::{NodeContext, external, names::Names, pod_facts::PodFacts};
use crate::{
    definition::{NodeType, Peer, Surroundings, Workload, reference::Reference},
    model::Identity,
    settings::{
        Invalid, Port, ResolvedNode, Scale,
        json::{listed, name},
    },
};

/// Stands between `$` and `{` in texts that are literal, until they are rendered: a character that Unicode leaves to programs, and no text has.
const LITERAL: &str = "\u{e000}";

/// Makes every text of a value literal.
pub fn escape(value: &mut Value) {
    in_texts(value, &|text| {
        if text.contains("${") {
            *text = text.replace("${", &format!("${LITERAL}{{"));
        }
    });
}

/// Takes out what [`escape`] put in.
pub fn unescape(value: &mut Value) {
    in_texts(value, &unescape_text);
}

/// The same of one text.
pub fn unescape_text(text: &mut String) {
    if text.contains(LITERAL) {
        *text = text.replace(LITERAL, "");
    }
}

fn in_texts(value: &mut Value, change: &impl Fn(&mut String)) {
    match value {
        Value::String(text) => change(text),
        Value::Array(items) => items.iter_mut().for_each(|item| in_texts(item, change)),
        Value::Object(map) => map.values_mut().for_each(|value| in_texts(value, change)),
        _ => {}
    }
}

/// Why the references in a text can't be replaced.
#[derive(Debug, thiserror::Error)]
pub enum Unresolved {
    #[error("`${{{0}`: close it with `}}`; a `${{` that shall stay as it is is written `$${{`")]
    Open(String),
    #[error("`${{{0}}}`: {1}")]
    Dangling(String, Dangling),
}

/// Why a reference stands for nothing.
#[derive(Debug, thiserror::Error)]
pub enum Dangling {
    #[error("a cluster has a `name` and a `namespace`")]
    Cluster,
    #[error("a node has a `name`, a `type`, a `key` and `replicas`")]
    Node,
    #[error("only one of many nodes has a key")]
    Unkeyed,
    #[error("a pod has a `name`, an `ordinal`, a `host` and an `ip`")]
    Pod,
    #[error("only pods of a StatefulSet have one")]
    Nameless,
    #[error("an autoscaler decides how many replicas the node has: write a number")]
    Autoscaled,
    #[error("the node has no number of replicas: write a number")]
    Unscaled,
    #[error("no node type is placed by `{0}`; there are: {1}")]
    Field(String, String),
    #[error("{what}, as in `${{service.{field}.<key>}}`; `{field}` has: {keys}")]
    Key { what: &'static str, field: String, keys: String },
    #[error("the cluster has no `{0}`: add it, or leave the reference out")]
    Unplaced(String),
    #[error("`{0}` has no port, and so no Service: add one to its ports")]
    Service(String),
    #[error("`{path}` has no port `{port}`; it has: {ports}")]
    Port { path: String, port: String, ports: String },
    #[error("there is no external `{0}`; there are: {1}")]
    External(String, String),
    #[error("spec.{0} is no address")]
    Address(String),
    #[error("spec.{0} isn't there: set it, or leave the reference out")]
    Unset(String),
}

impl NodeContext<'_> {
    /// The node with the references in the texts of its containers replaced, and in those of its `podOverrides`.
    pub fn resolved(&self) -> Result<ResolvedNode, Vec<Invalid>> {
        let mut errors = Vec::new();
        let pods = PodFacts::default();
        let context = NodeContext { pods: Some(&pods), ..*self };
        let mut check = |field: &str, result: Result<bool, Unresolved>| {
            errors.extend(result.err().map(|error| self.node.invalid(field, error)));
        };
        let mut node = self.node.clone();
        node.command.iter_mut().for_each(|it| check("command", context.replace_in_text(it)));
        node.args.iter_mut().for_each(|it| check("args", context.replace_in_text(it)));
        node.pod_overrides.iter_mut().for_each(|it| check("podOverrides", self.replace(it)));
        let settings = &mut node.spec.settings;
        for variable in &mut settings.env {
            let result = variable.value.as_mut().map_or(Ok(false), |value| context.replace_in_text(value));
            check(&format!("env[{}]", variable.name), result);
        }
        for (field, probe) in [
            ("readinessProbe", &mut settings.readiness_probe),
            ("livenessProbe", &mut settings.liveness_probe),
            ("startupProbe", &mut settings.startup_probe),
        ] {
            let command = probe.iter_mut().filter_map(|probe| probe.exec.as_mut()?.command.as_mut()).flatten();
            command.for_each(|it| check(&format!("{field}.exec.command"), self.replace_in_text(it)));
        }
        settings.lifecycle.iter_mut().for_each(|it| check("lifecycle", self.replace(it)));
        let init = settings.init_containers.iter_mut().map(|container| ("initContainers", container));
        for (field, container) in init.chain(settings.sidecars.iter_mut().map(|container| ("sidecars", container))) {
            let path = format!("{field}[{}]", name(container));
            for (field, value) in container.as_object_mut().into_iter().flatten() {
                check(&format!("{path}.{field}"), self.replace(value));
            }
        }
        let definition = self.names.definition;
        let secrets = definition.secrets_of(node.node_type).copied().chain(node.node_type.secrets());
        let taken = pods.add(&mut settings.env, &secrets.filter_map(|secret| secret.env).collect::<Vec<_>>());
        errors.extend(taken.into_iter().map(|variable| {
            let message = format!("references to the pod read {variable}: give this variable another name");
            self.node.invalid(&format!("env[{variable}]"), message)
        }));
        if errors.is_empty() { Ok(node) } else { Err(errors) }
    }

    /// Replaces the references in every text of a value; keys of maps are left as they are. Returns whether one is about this node alone.
    pub fn replace(&self, value: &mut Value) -> Result<bool, Unresolved> {
        let any = |of_node: bool, value: &mut Value| Ok(self.replace(value)? || of_node);
        match value {
            Value::String(text) => self.replace_in_text(text),
            Value::Array(items) => items.iter_mut().try_fold(false, any),
            Value::Object(map) => map.values_mut().try_fold(false, any),
            _ => Ok(false),
        }
    }

    /// Replaces the references in a text. Returns whether one is about this node alone.
    fn replace_in_text(&self, text: &mut String) -> Result<bool, Unresolved> {
        let mut replaced = String::with_capacity(text.len());
        let mut of_node = false;
        let mut rest = text.as_str();
        while let Some(reference) = Reference::first_of(rest) {
            let Reference { before, inside, after, .. } = reference;
            rest = reference.rest;
            if reference.escaped && self.is_ours(reference) {
                replaced.extend([before.strip_suffix('$').unwrap_or_default(), "${"]);
                continue;
            }
            replaced.push_str(before);
            match (self.named(inside), after) {
                (None, _) => replaced.push_str("${"),
                (Some(_), None) => return Err(Unresolved::Open(inside.to_owned())),
                (Some(found), Some(after)) => {
                    replaced.push_str(&found.map_err(|why| Unresolved::Dangling(inside.to_owned(), why))?);
                    of_node |= inside.starts_with("node.");
                    rest = after;
                }
            }
        }
        replaced.push_str(rest);
        unescape_text(&mut replaced);
        *text = replaced;
        Ok(of_node)
    }

    /// Whether it would be replaced here, if it weren't escaped.
    fn is_ours(&self, reference: Reference<'_>) -> bool {
        reference.is_ours() && (self.pods.is_some() || reference.root() != "pod")
    }

    /// What a reference stands for; none where it isn't one of ours.
    fn named(&self, inside: &str) -> Option<Result<String, Dangling>> {
        let (root, path) = inside.split_once('.')?;
        let cluster = self.names.cluster;
        Some(match (root, path) {
            ("cluster", "name") => Ok(cluster.name.clone()),
            ("cluster", "namespace") => Ok(cluster.namespace.clone()),
            ("cluster", _) => Err(Dangling::Cluster),
            ("node", "name") => Ok(self.names.node(&self.node.name)),
            ("node", "type") => Ok(self.node.node_type.name.to_owned()),
            ("node", "replicas") => self.replicas(),
            ("node", "key") => key_of(self.node).map(str::to_owned).ok_or(Dangling::Unkeyed),
            ("node", _) => Err(Dangling::Node),
            // Elsewhere all pods have one text, and it is the application's own.
            ("pod", member) => self.pod(member, self.pods?),
            ("service", path) => self.service(path),
            ("external", name) => self.external(name),
            _ => return None,
        })
    }

    /// What a function may know of the cluster.
    pub fn surroundings(&self) -> Surroundings<'_> {
        let Identity { name, namespace, .. } = self.names.cluster;
        Surroundings::new((name, namespace), self.spec, self.peers, self.peer)
    }

    /// Where Kubernetes puts what differs between pods.
    fn pod(&self, member: &str, pods: &PodFacts) -> Result<String, Dangling> {
        let is_stateful = self.node.node_type.workload() == Workload::StatefulSet;
        let of_host = member == "host";
        if (of_host || member == "ordinal") && !is_stateful {
            return Err(Dangling::Nameless);
        }
        let variable = pods.read(if of_host { "name" } else { member }).ok_or(Dangling::Pod)?;
        Ok(if of_host { format!("$({variable}).{}", self.peer.host) } else { format!("$({variable})") })
    }

    fn replicas(&self) -> Result<String, Dangling> {
        match self.node.scale {
            Scale::Fixed(_) | Scale::Initial => Ok(self.node.replicas.to_string()),
            Scale::Autoscaled => Err(Dangling::Autoscaled),
            Scale::Unscaled => Err(Dangling::Unscaled),
        }
    }

    fn service(&self, path: &str) -> Result<String, Dangling> {
        let (field, path) = split(path);
        let node_types = self.names.definition.node_types;
        // Two node types may be items of one list.
        let placed = |node: &ResolvedNode| node.node_type.field == field;
        let mut sharing = node_types.iter().filter(|node_type| node_type.field == field).peekable();
        if sharing.peek().is_none() {
            let fields = listed(node_types.iter().map(|node_type| node_type.field));
            return Err(Dangling::Field(field.to_owned(), fields));
        }
        // Of types that share a field, one may have copies and another not.
        let single = self.nodes.iter().find(|node| placed(node) && !node.node_type.is_many());
        let (node, port) = match single.is_some() || !sharing.any(NodeType::is_many) {
            true => (single, path),
            false => {
                let (key, port) = path.map_or(("", None), split);
                let keyed = |node: &&ResolvedNode| placed(node) && key_of(node) == Some(key);
                let Some(node) = self.nodes.iter().find(keyed) else {
                    let keys = listed(self.nodes.iter().filter(|node| placed(node)).filter_map(key_of));
                    let what = if key.is_empty() { "name a node" } else { "there is no such node" };
                    return Err(Dangling::Key { what, field: field.to_owned(), keys });
                };
                (Some(node), port)
            }
        };
        let node = node.ok_or_else(|| Dangling::Unplaced(field.to_owned()))?;
        self.address(node, port)
    }

    fn address(&self, node: &ResolvedNode, port: Option<&str>) -> Result<String, Dangling> {
        let peer = peer(self.names, node);
        if peer.ports.is_empty() && peer.workload != Workload::StatefulSet {
            return Err(Dangling::Service(node.path.clone()));
        }
        let Some(port) = port else { return Ok(peer.host) };
        match peer.port(port) {
            Some(number) => Ok(format!("{}:{number}", peer.host)),
            None => {
                let ports = listed(peer.ports.iter().map(|(name, _)| name.as_str()));
                Err(Dangling::Port { path: node.path.clone(), port: port.to_owned(), ports })
            }
        }
    }

    fn external(&self, name: &str) -> Result<String, Dangling> {
        let externals = self.names.definition.externals;
        let Some(external) = externals.iter().find(|external| external.name == name) else {
            let names = listed(externals.iter().map(|external| external.name));
            return Err(Dangling::External(name.to_owned(), names));
        };
        match external::value(external, self.spec) {
            Some(Value::String(address)) => Ok(address.clone()),
            Some(_) => Err(Dangling::Address(external.at.join("."))),
            None => Err(Dangling::Unset(external.at.join("."))),
        }
    }
}

/// A node, as others reach it.
pub fn peer(names: &Names<'_>, node: &ResolvedNode) -> Peer {
    let name = names.node(&node.name);
    Peer {
        node_type: node.node_type.name,
        key: key_of(node).map(str::to_owned),
        host: format!("{name}.{}.svc", names.cluster.namespace),
        name,
        workload: node.node_type.workload(),
        replicas: matches!(node.scale, Scale::Fixed(_)).then_some(node.replicas),
        ports: reached(node),
    }
}

/// Names of a node's Service's ports, and the numbers at which they are reached: a headless Service leads to the pods themselves, so that its
/// ports are the containers'.
fn reached(node: &ResolvedNode) -> Vec<(String, i32)> {
    let of_container = node.ports();
    let headless = node.node_type.workload() == Workload::StatefulSet;
    let named = |name: &String| of_container.iter().find(|port| port.name == *name).map(|port| port.number.into());
    let number = |port: &Port| match &port.target {
        IntOrString::Int(target) if headless => *target,
        IntOrString::String(target) if headless => named(target).unwrap_or(port.number.into()),
        _ => port.number.into(),
    };
    node.service_ports().into_iter().map(|port| (port.name.clone(), number(&port))).collect()
}

/// The key of one of many nodes.
fn key_of(node: &ResolvedNode) -> Option<&str> {
    node.name.strip_prefix(node.node_type.name)?.strip_prefix('-')
}

fn split(path: &str) -> (&str, Option<&str>) {
    path.split_once('.').map_or((path, None), |(first, rest)| (first, Some(rest)))
}
