//! References `${…}` in attributes: what they name is there.

use super::ports::has_port;
use crate::{
    External, NodeType, Workload,
    reference::Reference,
    text::{after, report_if, same, split},
};

/// `${service.<field>[.<port>]}` names a node, and `${external.<name>}` an external. What else there is, the macros judge: it
/// needs nothing but the text.
#[track_caller]
pub const fn references(node_type: &NodeType, node_types: &[NodeType], externals: &[External]) {
    each_joined!(node_type.env, |variable| variable.0, { scan(variable.1, node_type, node_types, externals) });
    each!(node_type.command(), |text| { scan(text, node_type, node_types, externals) });
    each!(node_type.args(), |text| { scan(text, node_type, node_types, externals) });
    object_names(node_type);
}

/// What objects are called tells apart the nodes of a type: those of many by their key.
#[track_caller]
const fn object_names(node_type: &NodeType) {
    if let Some(text) = node_type.object_name() {
        scan(text, node_type, &[], &[]);
        report_if(
            node_type.is_many() && !names(text, "node.key"),
            "objects of all nodes of type `{}` have one name, `{}`: add `${node.key}` to it",
            &[node_type.name, text],
        );
    }
    each!(node_type.selector(), |label| { scan(label.1, node_type, &[], &[]) });
    report_if(
        node_type.is_many()
            && !node_type.selector().is_empty()
            && !any!(node_type.selector(), |label| names(label.1, "node.key")),
        "the selector of nodes of type `{}` selects the pods of all of them: add a label with `${node.key}`",
        &[node_type.name],
    );
}

const fn names(text: &str, inside: &str) -> bool {
    let mut rest = text;
    while let Some(found) = Reference::first_of(rest) {
        if same(found.inside, inside) {
            return true;
        }
        rest = found.rest;
    }
    false
}

#[track_caller]
const fn scan(text: &str, node_type: &NodeType, node_types: &[NodeType], externals: &[External]) {
    let mut rest = text;
    while let Some(found) = Reference::first_of(rest) {
        rest = found.rest;
        if !found.escaped && found.after.is_some() {
            reference(found.inside, node_type, node_types, externals);
        }
    }
}

#[track_caller]
const fn reference(inside: &str, node_type: &NodeType, node_types: &[NodeType], externals: &[External]) {
    of_pod(inside, node_type);
    if let Some(path) = after(inside, "service.") {
        service(path, node_types);
    } else if let Some(name) = after(inside, "external.") {
        report_if(
            !any!(externals, |external| same(external.name, name)),
            "`${external.{}}`: the cluster has no external `{}`: declare it with #[external(…)], or name another",
            &[name, name],
        );
    }
}

/// Only some nodes have a key, and only some pods an ordinal and a host name.
#[track_caller]
const fn of_pod(inside: &str, node_type: &NodeType) {
    report_if(
        same(inside, "node.key") && !node_type.is_many(),
        "`${node.key}`: the node type `{}` has no keys: its field holds one node",
        &[node_type.name],
    );
    report_if(
        (same(inside, "pod.ordinal") || same(inside, "pod.host"))
            && !matches!(node_type.workload(), Workload::StatefulSet),
        "`${{}}`: only pods of a StatefulSet have one; `{}` is a {}",
        &[inside, node_type.name, node_type.workload().as_str()],
    );
}

#[track_caller]
const fn service(path: &str, node_types: &[NodeType]) {
    let (field, port) = split(path, b'.');
    report_if(
        !any!(node_types, |node_type| same(node_type.field, field)),
        "`${service.{}}`: the cluster has no field `{}` that places a node type: name one by its name in the custom \
         resource",
        &[path, field],
    );
    each!(node_types, |node_type| {
        if !same(node_type.field, field) {
            continue;
        }
        report_if(
            node_type.is_many(),
            "`${service.{}}`: what nodes `{}` holds is only known in the custom resource: name a field of one node, or \
             compute it in a configuration file",
            &[path, field],
        );
        if let Some(port) = port {
            report_if(
                !has_port(node_type, port),
                "`${service.{}}`: `{}` has no port `{}`: declare it there with port({} = …), or name another",
                &[path, field, port, port],
            );
        }
    });
}
