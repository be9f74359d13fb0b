//! The parts of a kind's CustomResourceDefinition other than its names and its schema.

use crate::attrs::Text;

/// How a kind is listed, served and judged; the names are those of kube's `CustomResource`.
#[derive(Default)]
pub struct Crd {
    pub short_names: Vec<Text>,
    pub categories: Vec<Text>,
    pub annotations: Vec<(Text, Text)>,
    pub labels: Vec<(Text, Text)>,
    /// None: it is.
    pub served: Option<bool>,
    /// None: it is.
    pub storage: Option<bool>,
    pub deprecated: Option<Deprecated>,
    pub scale: Option<Scale>,
    pub selectable: Vec<Text>,
    pub print_columns: Vec<PrintColumn>,
    pub validations: Vec<Validation>,
}

/// The warning that users of the version get; none: Kubernetes' own.
pub struct Deprecated(pub Option<Text>);

/// The scale subresource.
pub struct Scale {
    pub spec_replicas_path: Text,
    pub status_replicas_path: Text,
    pub label_selector_path: Option<Text>,
}

/// A column of `kubectl get`.
pub struct PrintColumn {
    pub name: Text,
    pub type_: ColumnType,
    pub json_path: Text,
    pub priority: i32,
}

/// Type of a column.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ColumnType(pub &'static str);

impl ColumnType {
    pub const STRING: Self = Self("string");

    /// Those of the Kubernetes API (`additionalPrinterColumns`).
    pub const ALL: &[(&str, Self)] = &[
        ("string", Self::STRING),
        ("integer", Self("integer")),
        ("number", Self("number")),
        ("boolean", Self("boolean")),
        ("date", Self("date")),
    ];
}

/// A CEL rule.
pub struct Validation {
    pub rule: Text,
    pub message: Text,
}
