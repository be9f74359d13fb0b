//! Names of node types and of their fields.

use crate::{
    Cardinality, LIST_KEY, LIST_TYPE, NodeType,
    text::{after, contains, report_if, same},
};

/// Objects are called `<cluster>-<node type>[-<node>]`, so no node type's name may begin like one with many nodes.
#[track_caller]
pub const fn names(node_types: &[NodeType], index: usize) {
    let this = &node_types[index];
    each!(node_types.split_at(index).0, |earlier| {
        report_if(
            covers(this, earlier) || covers(earlier, this),
            "objects of `{}` can be called like those of `{}`, `<cluster>-<node type>-<node>`: give one of these node \
             types another name, with name = \"…\"",
            &[this.name, earlier.name],
        );
    });
}

/// Whether a node of `many` can have objects called like those of `other`.
const fn covers(many: &NodeType, other: &NodeType) -> bool {
    many.cardinality.is_many() && matches!(after(other.name, many.name), Some(rest) if after(rest, "-").is_some())
}

/// The items of a list have a node type and a name; `fields` are their own fields.
#[track_caller]
pub const fn list_items(node_type: &NodeType, fields: &[&str]) {
    report_if(
        is_list(node_type) && !(contains(fields, LIST_TYPE) && contains(fields, LIST_KEY)),
        "the items of a list say by `{}` which node type they are of, and by `{}` what they are called: make them a \
         struct marked #[node_type] with fields of these names",
        &[LIST_TYPE, LIST_KEY],
    );
}

/// The field has several attributes.
#[track_caller]
pub const fn repeated(node_type: &NodeType) {
    report_if(
        !is_list(node_type),
        "#[node_type] is given twice on this field: join them into one; only a list, `Vec<T>`, has several",
        &[],
    );
}

/// The attribute has no name.
#[track_caller]
pub const fn unnamed(node_type: &NodeType) {
    report_if(
        is_list(node_type),
        "the items of a list say by `{}` which node type they are of: give it a name, with name = \"…\"",
        &[LIST_TYPE],
    );
}

const fn is_list(node_type: &NodeType) -> bool {
    matches!(node_type.cardinality, Cardinality::List)
}

/// A node type's own field has another name than the `common` ones, those of `NodeSpec`.
#[track_caller]
pub const fn own_field(name: &str, common: &[&str]) {
    report_if(
        contains(common, name),
        "every node has `{}` already, from `NodeSpec`: read it from the field `node`, or give this one another name",
        &[name],
    );
}

/// Nodes of some type can refer to groups; `fields` are those of `NodeSpec`, and each node type's own.
#[track_caller]
pub const fn referred_to(by: &str, fields: &[&[&str]]) {
    report_if(
        !any!(fields, |names| contains(names, by)),
        "no node can refer to these groups: give a node type a field of type `Option<String>` that is called `{}` in \
         the custom resource, or name another with by = \"…\"",
        &[by],
    );
}

/// Node types connect to node types that there are.
#[track_caller]
pub const fn talks_to(node_types: &[NodeType], index: usize) {
    each!(&node_types[index].layers, |layer| {
        each!(layer.talks_to, |name| {
            report_if(
                !any!(node_types, |node_type| same(node_type.name, name)),
                "this node type talks to `{}`, but the cluster has no node type of that name: name the field's node \
                 type so, or leave it out",
                &[name],
            );
        });
    });
}
