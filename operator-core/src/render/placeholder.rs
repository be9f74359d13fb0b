//! References to other parts of the cluster in texts: `${service.brokers.http}`. None can dangle.
//!
//! | reference | stands for |
//! | --- | --- |
//! | `${cluster.name}`, `${cluster.namespace}` | the cluster's |
//! | `${node.name}` | the name of the node's workload and Service |
//! | `${node.type}`, `${node.replicas}` | its node type; how many pods it shall have |
//! | `${service.<field>[.<key>]}` | the host of a node's Service: `<name>.<namespace>.svc` |
//! | `${service.<field>[.<key>].<port>}` | `<host>:<number>`, by the name of the Service's port |
//! | `${external.<name>}` | the address of an external |
//!
//! `<field>` is the field of the spec that places the node type; a map's or list's node is named by its key. `$${cluster.name}` is a literal
//! `${cluster.name}`. What begins otherwise (`${user.home}`, `$${date:yyyy}`) is left as it is: applications have such a syntax of their own.

use serde_json::Value;

use super::{names::Names, ports};
use crate::{
    definition::{Cardinality, Workload, reference::Reference},
    settings::{Invalid, ResolvedNode, Scale},
};

/// What references in the texts of a node can name.
#[derive(Clone, Copy)]
pub struct References<'a> {
    pub names: &'a Names<'a>,
    pub spec: &'a Value,
    /// All nodes of the cluster.
    pub nodes: &'a [ResolvedNode],
    /// The node whose texts these are.
    pub node: &'a ResolvedNode,
}

/// A value with its references replaced.
#[derive(Debug, PartialEq, Eq)]
pub struct Replaced<T> {
    pub value: T,
    /// Whether it is about this node alone.
    pub of_node: bool,
}

/// The node with the references in the texts of its containers replaced, and in those of its `podOverrides`.
pub fn settle(
    names: &Names<'_>,
    spec: &Value,
    nodes: &[ResolvedNode],
    node: &ResolvedNode,
) -> Result<ResolvedNode, Vec<Invalid>> {
    let references = References { names, spec, nodes, node };
    let mut errors = Vec::new();
    let mut wrong = |field: &str, message: String| errors.push(Invalid::new(format!("{}.{field}", node.path), message));
    let mut text = |field: &str, text: &mut String| match references.text(text) {
        Ok(replaced) => *text = replaced.value,
        Err(message) => wrong(field, message),
    };
    let mut settled = node.clone();
    settled.command.iter_mut().for_each(|it| text("command", it));
    settled.args.iter_mut().for_each(|it| text("args", it));
    let settings = &mut settled.spec.settings;
    for variable in &mut settings.env {
        if let Some(value) = &mut variable.value {
            text(&format!("env[{}]", variable.name), value);
        }
    }
    for (field, probe) in [
        ("readinessProbe", &mut settings.readiness_probe),
        ("livenessProbe", &mut settings.liveness_probe),
        ("startupProbe", &mut settings.startup_probe),
    ] {
        let command = probe.iter_mut().filter_map(|probe| probe.exec.as_mut()?.command.as_mut()).flatten();
        command.for_each(|it| text(&format!("{field}.exec.command"), it));
    }
    let mut within = |field: &str, value: &mut Value| match references.value(value.take()) {
        Ok(replaced) => *value = replaced.value,
        Err(message) => wrong(field, message),
    };
    settings.lifecycle.iter_mut().for_each(|it| within("lifecycle", it));
    settled.pod_overrides.iter_mut().for_each(|it| within("podOverrides", it));
    let init = settings.init_containers.iter_mut().map(|container| ("initContainers", container));
    for (field, container) in init.chain(settings.sidecars.iter_mut().map(|container| ("sidecars", container))) {
        let name = container.get("name").and_then(Value::as_str).unwrap_or_default();
        let path = format!("{field}[{name}]");
        for (field, value) in container.as_object_mut().into_iter().flatten() {
            within(&format!("{path}.{field}"), value);
        }
    }
    if errors.is_empty() { Ok(settled) } else { Err(errors) }
}

impl References<'_> {
    /// Replaces the references in every text of a value; keys of maps are left as they are. The error is a sentence about the first that is wrong.
    pub fn value(&self, value: Value) -> Result<Replaced<Value>, String> {
        let mut of_node = false;
        let value = self.within(value, &mut of_node)?;
        Ok(Replaced { value, of_node })
    }

    fn within(&self, value: Value, of_node: &mut bool) -> Result<Value, String> {
        Ok(match value {
            Value::String(text) => {
                let replaced = self.text(&text)?;
                *of_node |= replaced.of_node;
                Value::String(replaced.value)
            }
            Value::Array(items) => {
                items.into_iter().map(|item| self.within(item, of_node)).collect::<Result<_, _>>()?
            }
            Value::Object(map) => map
                .into_iter()
                .map(|(key, value)| Ok((key, self.within(value, of_node)?)))
                .collect::<Result<_, String>>()?,
            value => value,
        })
    }

    /// Replaces the references in a text.
    pub fn text(&self, text: &str) -> Result<Replaced<String>, String> {
        let mut replaced = Replaced { value: String::with_capacity(text.len()), of_node: false };
        let mut rest = text;
        while let Some(reference) = Reference::first_of(rest) {
            let Reference { before, inside, after, .. } = reference;
            rest = reference.rest;
            if reference.escaped && reference.is_ours() {
                replaced.value.extend([before.strip_suffix('$').unwrap_or_default(), "${"]);
                continue;
            }
            replaced.value.push_str(before);
            match self.named(inside) {
                Some(_) if after.is_none() => {
                    return Err(format!(
                        "`${{{inside}`: close it with `}}`; a `${{` that shall stay as it is is written `$${{`"
                    ));
                }
                Some(found) => {
                    let found = found.map_err(|why| format!("`${{{inside}}}`: {why}"))?;
                    replaced.value.push_str(&found);
                    replaced.of_node |= inside.starts_with("node.");
                    rest = after.unwrap_or_default();
                }
                None => replaced.value.push_str("${"),
            }
        }
        replaced.value.push_str(rest);
        Ok(replaced)
    }

    /// What a reference stands for; none where it isn't one of ours.
    fn named(&self, inside: &str) -> Option<Result<String, String>> {
        let (root, path) = inside.split_once('.')?;
        let Names { cluster, .. } = self.names;
        Some(match (root, path) {
            ("cluster", "name") => Ok(cluster.name.clone()),
            ("cluster", "namespace") => Ok(cluster.namespace.clone()),
            ("cluster", _) => Err("a cluster has a `name` and a `namespace`".to_owned()),
            ("node", "name") => Ok(self.names.node(&self.node.name)),
            ("node", "type") => Ok(self.node.node_type.name.to_owned()),
            ("node", "replicas") => self.replicas(),
            ("node", _) => Err("a node has a `name`, a `type` and `replicas`".to_owned()),
            ("service", path) => self.service(path),
            ("external", name) => self.external(name),
            _ => return None,
        })
    }

    fn replicas(&self) -> Result<String, String> {
        match self.node.scale() {
            Scale::Fixed(_) | Scale::Initial => Ok(self.node.replicas().to_string()),
            Scale::Autoscaled => Err("an autoscaler decides how many replicas the node has: write a number".to_owned()),
            Scale::Unscaled => Err("the node has no number of replicas: write a number".to_owned()),
        }
    }

    fn service(&self, path: &str) -> Result<String, String> {
        let (field, path) = split(path);
        let node_types = self.names.definition.node_types;
        // Two node types may be items of one list.
        let placed = |node: &ResolvedNode| node.node_type.field == field;
        let Some(node_type) = node_types.iter().find(|node_type| node_type.field == field) else {
            let fields = node_types.iter().map(|node_type| node_type.field);
            return Err(format!("no node type is placed by `{field}`; there are: {}", list(fields)));
        };
        let (node, port) = match node_type.cardinality {
            Cardinality::One | Cardinality::Optional => (self.nodes.iter().find(|node| placed(node)), path),
            Cardinality::Many | Cardinality::List => {
                let (key, port) = path.map_or(("", None), split);
                let keyed = |node: &&ResolvedNode| placed(node) && key_of(node) == Some(key);
                let Some(node) = self.nodes.iter().find(keyed) else {
                    let keys = list(self.nodes.iter().filter(|node| placed(node)).filter_map(key_of));
                    let what = if key.is_empty() { "name a node" } else { "there is no such node" };
                    return Err(format!("{what}, as in `${{service.{field}.<key>}}`; `{field}` has: {keys}"));
                };
                (Some(node), port)
            }
        };
        let node = node.ok_or_else(|| format!("the cluster has no `{field}`: add it, or leave the reference out"))?;
        self.address(node, port)
    }

    fn address(&self, node: &ResolvedNode, port: Option<&str>) -> Result<String, String> {
        let ports = reached(node);
        let there = list(ports.iter().map(|(name, _)| name.as_str()));
        if ports.is_empty() && node.node_type.workload() != Workload::StatefulSet {
            return Err(format!("`{}` has no port, and so no Service: add one to its ports", node.path));
        }
        let host = format!("{}.{}.svc", self.names.node(&node.name), self.names.cluster.namespace);
        let Some(port) = port else { return Ok(host) };
        match ports.iter().find(|(name, _)| name == port) {
            Some((_, number)) => Ok(format!("{host}:{number}")),
            None => Err(format!("`{}` has no port `{port}`; it has: {there}", node.path)),
        }
    }

    fn external(&self, name: &str) -> Result<String, String> {
        let externals = self.names.definition.externals;
        let Some(external) = externals.iter().find(|external| external.name == name) else {
            let names = list(externals.iter().map(|external| external.name));
            return Err(format!("there is no external `{name}`; there are: {names}"));
        };
        let at = external.at.join(".");
        let value =
            external.at.iter().try_fold(self.spec, |value, key| value.get(key)).filter(|value| !value.is_null());
        match value {
            Some(Value::String(address)) => Ok(address.clone()),
            Some(_) => Err(format!("spec.{at} is no address")),
            None => Err(format!("spec.{at} isn't there: set it, or leave the reference out")),
        }
    }
}

/// Names of a node's Service's ports, and the numbers at which they are reached: a headless Service leads to the pods themselves, so that its
/// ports are the containers'.
fn reached(node: &ResolvedNode) -> Vec<(String, u64)> {
    let of_container = ports::of(node);
    let headless = node.node_type.workload() == Workload::StatefulSet;
    let reach = |port: &Value| {
        let target = &port["targetPort"];
        let named = || of_container.iter().find(|it| *target == it.name.as_str()).map(|it| u64::from(it.number));
        let number = if headless { target.as_u64().or_else(named) } else { None };
        Some((port["name"].as_str()?.to_owned(), number.or_else(|| port["port"].as_u64())?))
    };
    ports::of_service(node).iter().filter_map(reach).collect()
}

/// The key of one of many nodes.
fn key_of(node: &ResolvedNode) -> Option<&str> {
    node.name.strip_prefix(node.node_type.name)?.strip_prefix('-')
}

fn split(path: &str) -> (&str, Option<&str>) {
    path.split_once('.').map_or((path, None), |(first, rest)| (first, Some(rest)))
}

fn list<'a>(names: impl Iterator<Item = &'a str>) -> String {
    let mut names: Vec<&str> = names.collect();
    names.dedup();
    if names.is_empty() { "none".to_owned() } else { names.join(", ") }
}
