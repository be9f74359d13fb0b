//! A struct marked `#[node_type]`, and an enum marked `#[node_types]`.

use super::{names, not_empty, ports::only_own_ports, shape::is_struct_with_fields, template::template, unique};
use crate::{
    attrs::helper_key,
    errors::Errors,
    model::{NodeEnum, NodeStruct},
};

/// The rules of a struct marked `#[node_type]`.
pub fn node_struct(node: &NodeStruct, errors: &Errors) {
    let item = &node.item;
    is_struct_with_fields(&item.fields, &item.ident, &item.generics, errors);
    if let Some(field) = node.conflicting_field() {
        let message =
            "#[node_type] adds a field called `node`, with what all node types have in common: call this one otherwise";
        errors.at(field, message);
    }
    if let Some(span) = helper_key(&item.attrs, "serde", "deny_unknown_fields") {
        let message =
            "leave this out: serde can't do it where fields are flattened in, and the API server does it anyway";
        errors.at(&span, message);
    }
    template(&node.template, errors);
    only_own_ports(&node.template, errors);
}

/// The rules of an enum marked `#[node_types]`.
pub fn node_enum(node: &NodeEnum, errors: &Errors) {
    let item = &node.item;
    if !item.generics.params.is_empty() {
        let message =
            "a custom resource has one schema, so its enums have no parameters: write the types into the variants";
        errors.at(&item.generics.params, message);
    }
    if item.variants.is_empty() {
        errors.at(&item.ident, "an enum of node types has a variant for each: Broker(NodeSpec)");
    }
    not_empty("tag", &node.tag, errors);
    for variant in &node.variants {
        names::label("a node type's name", &variant.name, errors);
        template(&variant.place, errors);
    }
    unique(node.variants.iter().map(|variant| &variant.name), errors, |name| {
        format!("another node type is called `{name}` already: give this one another name, with name = \"…\"")
    });
}
