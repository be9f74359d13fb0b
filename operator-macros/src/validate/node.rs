//! A struct marked `#[node_type]`.

use super::{ports::only_own_ports, shape::is_struct_with_fields, template::template};
use crate::{attrs::helper_key, errors::Errors, model::NodeStruct};

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
