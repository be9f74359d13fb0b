//! References `${…}` in attributes: what they name is there.

use super::{
    joined::{args, command, env, env_count, has_port},
    text::{Message, same, split, starts_with, text},
};
use crate::{Cardinality, External, NodeType};

/// `${service.<field>[.<port>]}` names a node, and `${external.<name>}` an external. What else there is, the macros judge: it needs
/// nothing but the text. The grammar is that of `render::placeholder`.
#[track_caller]
pub const fn references(node_type: &NodeType, node_types: &[NodeType], externals: &[External]) {
    let mut index = 0;
    while index < env_count(node_type) {
        if let Some((_, value)) = env(node_type, index) {
            scan(value, node_types, externals);
        }
        index += 1;
    }
    scan_all(command(node_type), node_types, externals);
    scan_all(args(node_type), node_types, externals);
}

#[track_caller]
const fn scan_all(texts: &[&str], node_types: &[NodeType], externals: &[External]) {
    let mut index = 0;
    while index < texts.len() {
        scan(texts[index], node_types, externals);
        index += 1;
    }
}

#[track_caller]
const fn scan(text: &str, node_types: &[NodeType], externals: &[External]) {
    let mut rest = text.as_bytes();
    while !rest.is_empty() {
        if starts_with(rest, b"$${") {
            rest = rest.split_at(3).1;
        } else if starts_with(rest, b"${") {
            rest = rest.split_at(2).1;
            if let Some((inside, _)) = split(rest, b'}') {
                reference(inside, node_types, externals);
            }
        } else {
            rest = rest.split_at(1).1;
        }
    }
}

#[track_caller]
const fn reference(inside: &[u8], node_types: &[NodeType], externals: &[External]) {
    let Some((root, path)) = split(inside, b'.') else { return };
    match root {
        b"service" => service(path, node_types),
        b"external" => external(text(path), externals),
        _ => {}
    }
}

#[track_caller]
const fn service(path: &[u8], node_types: &[NodeType]) {
    let (field, port) = match split(path, b'.') {
        Some((field, port)) => (text(field), Some(text(port))),
        None => (text(path), None),
    };
    let mut index = 0;
    while index < node_types.len() && !same(node_types[index].field, field) {
        index += 1;
    }
    let reference = Message::new("`${service.").and(text(path)).and("}`: ");
    if index == node_types.len() {
        reference
            .and("the cluster has no field `")
            .and(field)
            .and("` that places a node type: name one by its name in the custom resource")
            .report();
    }
    let node_type = &node_types[index];
    if matches!(node_type.cardinality, Cardinality::Many | Cardinality::List) {
        reference
            .and("what nodes `")
            .and(field)
            .and("` holds is only known in the custom resource: name a field of one node, or compute it in a configuration file")
            .report();
    }
    if let Some(port) = port
        && !has_port(node_type, port)
    {
        reference
            .and("`")
            .and(field)
            .and("` has no port `")
            .and(port)
            .and("`: declare it there with port(name = …, number = …), or name another")
            .report();
    }
}

#[track_caller]
const fn external(name: &str, externals: &[External]) {
    let mut index = 0;
    while index < externals.len() {
        if same(externals[index].name, name) {
            return;
        }
        index += 1;
    }
    Message::new("`${external.")
        .and(name)
        .and("}`: the cluster has no external `")
        .and(name)
        .and("`: declare it with #[external(…)], or name another")
        .report();
}
