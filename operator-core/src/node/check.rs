//! What is wrong with merged settings, found before anything is written: the API server would refuse a child of the node, or its pods would
//! wait for ever.
//!
//! | module | judges |
//! | --- | --- |
//! | `container` | image, resources, environment, ports, probes, mounts |
//! | `pods` | labels, scheduling, further containers, updates |
//! | `children` | number of pods, claims, disruption budget |
//!
//! A setting that goes with some kinds of workload only is refused where the node itself gives it. In what several nodes share it says nothing to
//! the others. What only a finished child shows is judged where that is built.

mod children;
mod container;
mod pods;

use serde_json::Value;

use super::{Invalid, NodeSpec};
use crate::definition::{Definition, NodeType, Workload};

/// Everything that is wrong with `spec`, the merged settings of the node at `path`; `given` is what the node says itself.
pub fn check(
    definition: &Definition,
    node_type: &NodeType,
    path: &str,
    spec: &NodeSpec,
    given: &Value,
) -> Vec<Invalid> {
    let mut checked = Checked { definition, node_type, path, spec, given, errors: Vec::new() };
    container::check(&mut checked);
    pods::check(&mut checked);
    children::check(&mut checked);
    checked.errors
}

/// A node, and what was found.
struct Checked<'a> {
    definition: &'a Definition,
    node_type: &'a NodeType,
    path: &'a str,
    spec: &'a NodeSpec,
    given: &'a Value,
    errors: Vec<Invalid>,
}

impl Checked<'_> {
    fn wrong(&mut self, field: &str, message: impl Into<String>) {
        self.errors.push(Invalid::new(format!("{}.{field}", self.path), message));
    }

    /// Whether the node itself gives the field at this path, `a.b`.
    fn gives(&self, field: &str) -> bool {
        let value = field.split('.').try_fold(self.given, |value, key| value.get(key));
        value.is_some_and(|value| !value.is_null())
    }

    /// The kind of the workload, for people.
    fn kind(&self) -> &'static str {
        match self.node_type.workload() {
            Workload::StatefulSet => "StatefulSet",
            Workload::Deployment => "Deployment",
            Workload::DaemonSet => "DaemonSet",
            Workload::Job => "Job",
        }
    }

    /// Ports of the container, the operator's first: name, number, protocol.
    fn ports(&self) -> Vec<(String, u16, String)> {
        let declared = self.node_type.ports();
        let declared =
            declared.iter().map(|port| (port.name.to_owned(), port.number, port.protocol.as_str().to_owned()));
        let extra =
            self.spec.settings.ports.iter().map(|port| {
                (port.name.clone(), port.number, port.protocol.clone().unwrap_or_else(|| "TCP".to_owned()))
            });
        declared.chain(extra).collect()
    }

    /// Refuses the name of a port that the node doesn't have.
    fn port_is_there(&mut self, field: &str, name: &str) {
        let names: Vec<String> = self.ports().into_iter().map(|(name, _, _)| name).collect();
        if !names.iter().any(|known| known == name) {
            let there = list(names.iter().map(String::as_str));
            self.wrong(field, format!("the node has no port `{name}`; it has: {there}"));
        }
    }
}

/// `a, b`, or `none`.
fn list<'a>(names: impl IntoIterator<Item = &'a str>) -> String {
    let names: Vec<&str> = names.into_iter().collect();
    if names.is_empty() { "none".to_owned() } else { names.join(", ") }
}

/// `name` of an object that is kept as JSON.
fn name(value: &Value) -> &str {
    value.get("name").and_then(Value::as_str).unwrap_or_default()
}
