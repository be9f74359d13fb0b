//! Validation of merged settings, before anything is written: the API server would refuse a child of the node, or its pods would wait for
//! ever.
//!
//! | module | validates |
//! | --- | --- |
//! | `container` | image, resources, environment |
//! | `ports` | ports, and fields that name one |
//! | `pods` | labels, scheduling, further containers |
//! | `updates` | fields that only some kinds of workload have, and how pods are replaced |
//! | `children` | number of pods, PVCs, PDB, Service |
//!
//! A setting that only some kinds of workload have is refused where the node itself gives it. In shared settings, the other nodes ignore it.
//! Rules about the finished pod template are in `render`.

mod children;
mod container;
mod pods;
mod ports;
mod updates;

use serde_json::Value;

use super::{Invalid, NodeSpec};
use crate::definition::{Definition, NodeType};

/// A node whose settings are validated, and the mistakes found.
pub struct Checked<'a> {
    pub definition: &'a Definition,
    pub node_type: &'a NodeType,
    /// The whole spec.
    pub cluster: &'a Value,
    /// The node's path in it.
    pub path: &'a str,
    /// The node in the spec.
    pub given: &'a Value,
    /// The same, merged with its app config group.
    pub own: &'a Value,
    /// The merged settings.
    pub spec: &'a NodeSpec,
    pub errors: Vec<Invalid>,
}

/// Everything that is wrong with the node: what is known already, and what is wrong with its merged settings.
pub fn check(mut node: Checked<'_>) -> Vec<Invalid> {
    for check in [container::check, ports::check, pods::check, updates::check, children::check] {
        check(&mut node);
    }
    node.errors
}

impl Checked<'_> {
    /// Reports a mistake that is wrong for every node, at the highest layer that has the field.
    fn wrong(&mut self, field: &str, message: impl Into<String>) {
        let place = self.place(field);
        self.errors.push(Invalid::new(format!("{place}.{field}"), message));
    }

    /// Reports a mistake that is wrong for this node.
    fn unfit(&mut self, field: &str, message: impl Into<String>) {
        self.errors.push(Invalid::new(format!("{}.{field}", self.path), message));
    }

    fn place(&self, field: &str) -> String {
        place(self.definition, self.cluster, self.path, self.own, field)
    }

    /// Whether the node itself gives the field at this path, `a.b`.
    fn gives(&self, field: &str) -> bool {
        let value = field.split('.').try_fold(self.given, |value, key| value.get(key));
        value.is_some_and(|value| !value.is_null())
    }
}

/// Path of the highest layer that has this field of the node at `path`, of which `own` is what itself and its app config group say.
pub fn place(definition: &Definition, cluster: &Value, path: &str, own: &Value, field: &str) -> String {
    let field = field.split(['.', '[']).next().unwrap_or_default();
    let says = |layer: &Value| layer.get(field).is_some_and(|value| !value.is_null());
    let group = definition.config_groups.and_then(|groups| {
        let name = own.get(groups.by)?.as_str()?;
        Some((format!("{}.{name}", groups.field), cluster.get(groups.field)?.get(name)?))
    });
    let defaults = definition.defaults.and_then(|field| Some((field.to_owned(), cluster.get(field)?)));
    let shared = [group, defaults].into_iter().flatten().find(|(_, layer)| says(layer));
    shared.filter(|_| !says(own)).map_or_else(|| path.to_owned(), |(place, _)| place)
}
