//! Names of node types and of their fields.

use super::text::{Message, contains, same, starts_with};
use crate::{Cardinality, LIST_KEY, LIST_TYPE, NodeType};

/// Objects are called `<cluster>-<node type>[-<node>]`, so no node type's name may begin like one with many nodes.
#[track_caller]
pub const fn names(node_types: &[NodeType], index: usize) {
    let this = &node_types[index];
    let mut earlier = 0;
    while earlier < index {
        let other = &node_types[earlier];
        if covers(this, other) || covers(other, this) {
            Message::new("objects of `")
                .and(this.name)
                .and("` can be called like those of `")
                .and(other.name)
                .and("`, `<cluster>-<node type>-<node>`: give one of these node types another name, with name = \"…\"")
                .report();
        }
        earlier += 1;
    }
}

/// Whether a node of `many` can have objects called like those of `other`.
const fn covers(many: &NodeType, other: &NodeType) -> bool {
    let (short, long) = (many.name.as_bytes(), other.name.as_bytes());
    matches!(many.cardinality, Cardinality::Many | Cardinality::List)
        && long.len() > short.len()
        && long[short.len()] == b'-'
        && starts_with(long, short)
}

/// The items of a list have a node type and a name; `fields` are their own fields.
#[track_caller]
pub const fn list_items(node_type: &NodeType, fields: &[&str]) {
    if is_list(node_type) && !(contains(fields, LIST_TYPE) && contains(fields, LIST_KEY)) {
        Message::new("the items of a list say by `")
            .and(LIST_TYPE)
            .and("` which node type they are of, and by `")
            .and(LIST_KEY)
            .and("` what they are called: make them a struct marked #[node_type] with fields of these names")
            .report();
    }
}

/// The field has several attributes.
#[track_caller]
pub const fn repeated(node_type: &NodeType) {
    if !is_list(node_type) {
        panic!("#[node_type] is given twice on this field: join them into one; only a list, `Vec<T>`, has several");
    }
}

/// The attribute has no name.
#[track_caller]
pub const fn unnamed(node_type: &NodeType) {
    if is_list(node_type) {
        Message::new("the items of a list say by `")
            .and(LIST_TYPE)
            .and("` which node type they are of: give it a name, with name = \"…\"")
            .report();
    }
}

const fn is_list(node_type: &NodeType) -> bool {
    matches!(node_type.cardinality, Cardinality::List)
}

/// A node type's own field has another name than the `common` ones, those of `NodeSpec`.
#[track_caller]
pub const fn own_field(name: &str, common: &[&str]) {
    if contains(common, name) {
        Message::new("every node has `")
            .and(name)
            .and("` already, from `NodeSpec`: read it from the field `node`, or give this one another name")
            .report();
    }
}

/// Nodes of some type can refer to groups; `fields` are those of `NodeSpec`, and each node type's own.
#[track_caller]
pub const fn referred_to(by: &str, fields: &[&[&str]]) {
    let mut referred = false;
    let mut index = 0;
    while index < fields.len() {
        referred |= contains(fields[index], by);
        index += 1;
    }
    if !referred {
        Message::new(
            "no node can refer to these groups: give a node type a field of type `Option<String>` that is called `",
        )
        .and(by)
        .and("` in the custom resource, or name another with by = \"…\"")
        .report();
    }
}

/// Node types connect to node types that there are.
#[track_caller]
pub const fn talks_to(node_types: &[NodeType], index: usize) {
    known(node_types, node_types[index].place.talks_to);
    known(node_types, node_types[index].template.talks_to);
}

#[track_caller]
const fn known(node_types: &[NodeType], names: &[&str]) {
    let mut name = 0;
    while name < names.len() {
        let mut index = 0;
        while index < node_types.len() && !same(node_types[index].name, names[name]) {
            index += 1;
        }
        if index == node_types.len() {
            Message::new("this node type talks to `")
                .and(names[name])
                .and("`, but the cluster has no node type of that name: name the field's node type so, or leave it out")
                .report();
        }
        name += 1;
    }
}
