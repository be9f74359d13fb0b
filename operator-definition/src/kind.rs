//! The types that can hold nodes, and their attributes.

use crate::{Cardinality, NodeTemplate};

/// The type of a node: `NodeSpec`, or a struct marked `#[node_type]`.
#[diagnostic::on_unimplemented(
    message = "`{Self}` isn't a node type",
    label = "holds `{Self}`, which isn't a node type",
    note = "use `NodeSpec`, or a struct marked `#[node_type]`"
)]
pub trait NodeKind {
    /// Its attributes.
    const TEMPLATE: NodeTemplate;
    /// JSON names of its own fields, beside those of `NodeSpec`.
    const FIELDS: &'static [&'static str];
}

/// The type of a field that holds nodes: a [`NodeKind`], an `Option`, a `BTreeMap<String, _>` or a `Vec` of one.
#[diagnostic::on_unimplemented(
    message = "`{Self}` can't hold nodes",
    label = "neither a node type nor an `Option`, `BTreeMap<String, _>` or `Vec` of one",
    note = "use `NodeSpec`, or a struct marked `#[node_type]`: itself for one node, in an `Option` for none or one, in a `BTreeMap<String, _>` for many, in a `Vec` for a list"
)]
pub trait NodeField {
    /// One, none or one, or many.
    const CARDINALITY: Cardinality;
    /// The attributes of the node's type.
    const TEMPLATE: NodeTemplate;
    /// JSON names of the node's own fields.
    const FIELDS: &'static [&'static str];
}

impl<T: NodeKind> NodeField for Option<T> {
    const CARDINALITY: Cardinality = Cardinality::Optional;
    const TEMPLATE: NodeTemplate = T::TEMPLATE;
    const FIELDS: &'static [&'static str] = T::FIELDS;
}

impl<T: NodeKind> NodeField for std::collections::BTreeMap<String, T> {
    const CARDINALITY: Cardinality = Cardinality::Many;
    const TEMPLATE: NodeTemplate = T::TEMPLATE;
    const FIELDS: &'static [&'static str] = T::FIELDS;
}

impl<T: NodeKind> NodeField for Vec<T> {
    const CARDINALITY: Cardinality = Cardinality::List;
    const TEMPLATE: NodeTemplate = T::TEMPLATE;
    const FIELDS: &'static [&'static str] = T::FIELDS;
}
