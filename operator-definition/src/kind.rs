//! The types that can hold nodes, and their attributes.

use crate::{Cardinality, NodeTemplate, NodeType, Tag};

/// The type of a node: `NodeSpec`, or a struct marked `#[node_type]`.
#[diagnostic::on_unimplemented(
    message = "`{Self}` isn't a node type",
    label = "holds `{Self}`, which isn't a node type",
    note = "use `NodeSpec`, or a struct marked `#[node_type]`; a field of an enum is marked `#[node_types]`"
)]
pub trait NodeKind {
    /// Its attributes.
    const TEMPLATE: NodeTemplate;
    /// JSON names of its own fields, beside those of `NodeSpec`.
    const FIELDS: &'static [&'static str];
}

/// The type of nodes that say which node type they are of: an enum marked `#[node_types]`.
#[diagnostic::on_unimplemented(
    message = "`{Self}` isn't an enum of node types",
    label = "holds `{Self}`, which isn't an enum of node types",
    note = "use an enum marked `#[node_types]`; a field of one node type is marked `#[node_type(…)]`"
)]
pub trait NodeKinds {
    /// JSON name of the field by which a node says its type.
    const TAG: &'static str;
    /// The node types.
    const VARIANTS: &'static [Variant];
}

/// A node type that is a variant of an enum marked `#[node_types]`.
#[derive(Clone, Copy, Debug)]
pub struct Variant {
    /// Name of the node type.
    pub name: &'static str,
    /// Content of [`NodeKinds::TAG`].
    pub value: &'static str,
    /// The variant's doc comment.
    pub doc: &'static str,
    /// Position in upgrades.
    pub order: i32,
    /// Its attributes: `#[node_type]` on its type, and on the variant.
    pub layers: [NodeTemplate; 2],
    /// JSON names of its own fields, beside those of `NodeSpec`.
    pub fields: &'static [&'static str],
}

/// The type of a field that holds nodes: that of a node, an `Option` of it, a `BTreeMap<String, _>` or a `Vec<Named<_>>`.
#[diagnostic::on_unimplemented(
    message = "`{Self}` can't hold nodes",
    label = "neither a node type nor an `Option`, `BTreeMap<String, _>` or `Vec<Named<_>>` of one",
    note = "use `NodeSpec`, or a struct marked `#[node_type]`: itself for one node, in an `Option` for none or one, in a `BTreeMap<String, _>` for many, in a `Vec<Named<_>>` for a list"
)]
pub trait NodeField {
    /// The type of a node.
    type Node;
    /// One, none or one, or many.
    const CARDINALITY: Cardinality;
}

impl<T> NodeField for Option<T> {
    type Node = T;
    const CARDINALITY: Cardinality = Cardinality::Optional;
}

impl<T> NodeField for std::collections::BTreeMap<String, T> {
    type Node = T;
    const CARDINALITY: Cardinality = Cardinality::Many;
}

impl<T: NamedNode> NodeField for Vec<T> {
    type Node = T::Node;
    const CARDINALITY: Cardinality = Cardinality::List;
}

/// An item of a list of nodes: one with a name.
#[diagnostic::on_unimplemented(
    message = "`{Self}` has no name of its own, and a list can't hold it",
    label = "write `Vec<Named<{Self}>>`",
    note = "`Named<T>` is a node of type `T` with a `name`"
)]
pub trait NamedNode {
    /// The type of the node.
    type Node;
}

/// The node types that share a field, in the order of their enum.
pub const fn shared<T: NodeKinds, const N: usize>(
    field: &'static str,
    cardinality: Cardinality,
    every_node: NodeTemplate,
) -> [NodeType; N] {
    let mut node_types = [NodeType::NONE; N];
    let mut index = 0;
    while index < N {
        let Variant { name, value, order, layers: [of_type, of_variant], .. } = T::VARIANTS[index];
        let tag = Some(Tag { field: T::TAG, value });
        node_types[index] =
            NodeType { name, field, cardinality, tag, order, layers: [every_node, of_type, of_variant] };
        index += 1;
    }
    node_types
}

/// How many node types these fields have.
pub const fn number(fields: &[&[NodeType]]) -> usize {
    let mut number = 0;
    each!(fields, |node_types| { number += node_types.len() });
    number
}

/// The node types of all these fields.
pub const fn joined<const N: usize>(fields: &[&[NodeType]]) -> [NodeType; N] {
    let mut joined = [NodeType::NONE; N];
    let mut length = 0;
    each!(fields, |node_types| {
        each!(node_types, |node_type| {
            joined[length] = *node_type;
            length += 1;
        });
    });
    joined
}

impl NodeType {
    /// Takes the place of one in an array that is filled.
    const NONE: Self = Self {
        name: "",
        field: "",
        cardinality: Cardinality::One,
        tag: None,
        order: 0,
        layers: [NodeTemplate::EMPTY; 3],
    };
}
