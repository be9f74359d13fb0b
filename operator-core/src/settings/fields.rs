//! The macro that declares the fields of [`NodeSpec`](super::NodeSpec), each once: with its merge rule, the workloads that it goes with,
//! and its place in the pod.

use super::merge::Rule;
use crate::definition::{NodeType, Power, Workload};

/// How core treats a field of [`NodeSpec`](super::NodeSpec).
#[derive(Debug)]
pub(crate) struct Setting {
    /// JSON name.
    pub name: &'static str,
    /// How a higher layer's value is merged with a lower one's.
    pub merge: Rule,
    /// Node types that can have it.
    pub fits: Fits,
    /// Where its value is copied to without change, under the same name. Fields that are converted, such as `ports`, are read in `render`.
    pub passed_to: PassedTo,
    /// The power that it is as a whole: without it, the field isn't in the schema.
    pub power: Option<Power>,
    /// Whether its schema is large, being one of Kubernetes' own types. It is written out for nodes; where nodes share it, it is preserved unknown.
    pub large: bool,
}

/// Node types that can have a field.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Fits {
    All,
    Workloads(&'static [Workload]),
    /// Those with storage.
    Storage,
    /// Those whose number of pods may be any.
    Autoscaled,
}

/// Where a field's value goes without change.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum PassedTo {
    Nothing,
    PodSpec,
    /// The node's own container.
    Container,
}

impl Setting {
    /// Merged as usual, for all node types, and passed to nothing.
    pub const fn plain(name: &'static str) -> Self {
        Self { name, merge: Rule::Usual, fits: Fits::All, passed_to: PassedTo::Nothing, power: None, large: false }
    }

    /// Whether a node type can have it.
    pub fn fits(&self, node_type: &NodeType) -> bool {
        self.fits.fits(node_type)
    }
}

impl Fits {
    /// The workloads, where these say it.
    pub const fn workloads(self) -> Option<&'static [Workload]> {
        match self {
            Self::Workloads(workloads) => Some(workloads),
            Self::Autoscaled => Some(&[Workload::StatefulSet, Workload::Deployment]),
            Self::All | Self::Storage => None,
        }
    }

    /// Whether a node type is one of these.
    pub fn fits(self, node_type: &NodeType) -> bool {
        match self {
            Self::All => true,
            Self::Storage => node_type.workload() == Workload::StatefulSet && !node_type.storage().is_empty(),
            Self::Autoscaled if node_type.replica_rule().is_some_and(|rule| rule.odd || rule.fixed.is_some()) => false,
            Self::Workloads(_) | Self::Autoscaled => {
                self.workloads().is_some_and(|workloads| workloads.contains(&node_type.workload()))
            }
        }
    }
}

/// Declares [`parts`](super::spec::part) whose fields may all be left out, and the constants `SETTINGS` and `FIELDS` about the fields of all
/// of them.
///
/// After a field, `{ … }` says where it differs from [`Setting::plain`].
macro_rules! node_fields {
    ($(
        $(#[$struct_attribute:meta])*
        pub struct $struct:ident {
            $(
                $(#[$attribute:meta])*
                $field:ident: $outer:ident<$($type:ty),+> $(as $text:ident)?
                    $({ $($property:ident: $value:expr),+ })?,
            )*
            $(..$shared:ident: $shared_type:ty)?
        }
    )+) => {
        $crate::settings::spec::part::parts! { $(
            $(#[$struct_attribute])*
            pub struct $struct {
                $($(#[$attribute])* $field: $outer<$($type),+> $(as $text)?,)*
                $(
                    /// The fields that several nodes can share.
                    #[serde(flatten)]
                    $shared: required $shared_type,
                )?
            }
        )+ }

        /// Every field, in the order of the structs.
        pub(crate) const SETTINGS: &[Setting] = &[$($(
            Setting { $($($property: $value,)+)? ..Setting::plain($crate::settings::fields::json_name!($field)) },
        )*)+];

        /// JSON names of the fields that every node has: a node type's own fields have other names.
        pub const FIELDS: &[&str] = &[$($($crate::settings::fields::json_name!($field),)*)+];
    };
}
pub(crate) use node_fields;

/// A field's name as `rename_all = "camelCase"` writes it.
macro_rules! json_name {
    ($field:ident) => {{
        const SNAKE: &[u8] = stringify!($field).as_bytes();
        const CAMEL: [u8; SNAKE.len()] = $crate::settings::fields::camel_case(SNAKE);
        $crate::settings::fields::text(&CAMEL)
    }};
}
pub(crate) use json_name;

/// `host_aliases` as `hostAliases`, with zeros after it.
pub(crate) const fn camel_case<const LENGTH: usize>(snake: &[u8]) -> [u8; LENGTH] {
    let mut camel = [0; LENGTH];
    let (mut from, mut to) = (0, 0);
    while from < snake.len() {
        if snake[from] == b'_' {
            from += 1;
            camel[to] = snake[from].to_ascii_uppercase();
        } else {
            camel[to] = snake[from];
        }
        from += 1;
        to += 1;
    }
    camel
}

/// Without the zeros.
pub(crate) const fn text(bytes: &[u8]) -> &str {
    let mut length = 0;
    while length < bytes.len() && bytes[length] != 0 {
        length += 1;
    }
    match core::str::from_utf8(bytes.split_at(length).0) {
        Ok(text) => text,
        Err(_) => "",
    }
}

#[cfg(test)]
mod tests {
    use crate::settings::{FIELDS, NodeSpec};

    #[test]
    fn the_fields_are_those_of_the_schema() {
        let schema = schemars::schema_for!(NodeSpec).to_value();
        let properties = schema.get("properties").and_then(serde_json::Value::as_object);
        let mut names: Vec<_> = properties.into_iter().flatten().map(|(name, _)| name.as_str()).collect();
        let mut fields = FIELDS.to_vec();
        names.sort_unstable();
        fields.sort_unstable();
        assert_eq!(names, fields);
    }
}
