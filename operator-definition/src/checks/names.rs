//! Names of node types and of their fields.

use crate::{
    Cardinality, LIST_KEY, NodeType, Variant,
    text::{after, contains, report_if, same},
};

/// Objects are called `<cluster>-<node type>[-<node>]`, so no node type's name may begin like one with many nodes.
#[track_caller]
pub const fn names(node_types: &[NodeType], index: usize) {
    let this = &node_types[index];
    each!(node_types.split_at(index).0, |earlier| {
        report_if(
            same(this.name, earlier.name),
            "another node type is called `{}` already: give this one another name, with name = \"…\"; an enum belongs to one \
             field",
            &[this.name],
        );
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
    many.is_many() && matches!(after(other.name, many.name), Some(rest) if after(rest, "-").is_some())
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

/// Nodes of some type can refer to groups; `fields` are those of `NodeSpec`, and each node type's own; those of enums are in `variants`.
#[track_caller]
pub const fn referred_to(by: &str, fields: &[&[&str]], variants: &[&[Variant]]) {
    let is_of_enum = any!(variants, |all| any!(all, |variant| contains(variant.fields, by)));
    report_if(
        !is_of_enum && !any!(fields, |names| contains(names, by)),
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
                "the node type `{}` talks to `{}`, but the cluster has no node type of that name: name the field's \
                 node type so, or leave it out",
                &[node_types[index].name, name],
            );
        });
    });
}

/// Nothing else is in the field by which a node says its type; `common` are the fields of `NodeSpec`.
#[track_caller]
pub const fn tag(tag: &str, variants: &[Variant], common: &[&str]) {
    report_if(
        contains(common, tag),
        "every node has `{}` already, from `NodeSpec`: say the node type by another name, with tag = \"…\"",
        &[tag],
    );
    each!(variants, |variant| {
        report_if(
            contains(variant.fields, tag),
            "the nodes of type `{}` have a field `{}`, by which nodes say their type: leave it out, or give it another name",
            &[variant.name, tag],
        );
    });
}

/// The items of a list have a `name`, and no other field of that name; `fields` are their own.
#[track_caller]
pub const fn named(cardinality: Cardinality, fields: &[&[&str]]) {
    report_if(
        matches!(cardinality, Cardinality::List) && any!(fields, |fields| contains(fields, LIST_KEY)),
        "the items of a list have a `{}` already, from `Named`: leave this field out, or give it another name",
        &[LIST_KEY],
    );
}

/// The same of items that say their type.
#[track_caller]
pub const fn named_kinds(cardinality: Cardinality, tag: &str, variants: &[Variant]) {
    named(cardinality, &[&[tag]]);
    each!(variants, |variant| { named(cardinality, &[variant.fields]) });
}

/// Those that read something of the cluster's are node types that there are.
#[track_caller]
pub const fn readers(node_types: &[NodeType], readers: &[&str]) {
    each!(readers, |name| {
        report_if(
            !any!(node_types, |node_type| same(node_type.name, name)),
            "the cluster has no node type `{}`: name one that it has, or leave it out",
            &[name],
        );
    });
}
