//! The attributes of one field: which part it plays.

use proc_macro2::Span;
use syn::{Attribute, Field, spanned::Spanned};

use super::{ConfigKeys, Keys, PlaceKeys};
use crate::errors::Errors;

/// What a field's attributes say.
pub struct FieldAttributes {
    /// The part it plays; none: it is just a field, or its attribute couldn't be read.
    pub role: Option<Role>,
    /// The attribute that gives it its part.
    pub span: Span,
}

/// The part a field plays.
pub enum Role {
    /// `#[operator(image)]` and the like.
    Setting(Setting),
    /// `#[config(…)]`
    Config(ConfigKeys),
    /// `#[node_type(…)]`
    NodeType(Box<PlaceKeys>),
}

/// A cluster-wide setting.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Setting {
    Image,
    Defaults,
    ConfigGroups,
}

impl Setting {
    /// Name of the key, and the setting.
    pub const ALL: [(&'static str, Self); 3] =
        [("image", Self::Image), ("defaults", Self::Defaults), ("config_groups", Self::ConfigGroups)];
}

impl FieldAttributes {
    /// Reads the attributes of a field of the spec. None where it has none of ours.
    pub fn read(field: &Field, errors: &Errors) -> Option<Self> {
        let ours: Vec<_> =
            field.attrs.iter().filter(|attribute| NAMES.iter().any(|name| attribute.path().is_ident(name))).collect();
        let (first, others) = ours.split_first()?;
        for other in others {
            errors.at(other.path(), several(first, other));
        }
        let role = if first.path().is_ident("config") {
            ConfigKeys::read(first, errors).map(Role::Config)
        } else if first.path().is_ident("node_type") {
            Some(Role::NodeType(Box::new(PlaceKeys::read(first, errors))))
        } else {
            setting(first, errors).map(Role::Setting)
        };
        Some(Self { role, span: first.path().span() })
    }
}

const NAMES: [&str; 3] = ["operator", "config", "node_type"];

fn setting(attribute: &Attribute, errors: &Errors) -> Option<Setting> {
    let mut keys = Keys::of("operator", &[attribute], errors);
    let empty = keys.is_empty();
    let given: Vec<_> =
        Setting::ALL.into_iter().filter_map(|(key, setting)| keys.flag(key).map(|span| (span, setting))).collect();
    if empty {
        errors.at(
            &keys.span(),
            "#[operator] says nothing: write #[operator(image)], #[operator(defaults)] or #[operator(config_groups)]",
        );
    }
    for (span, _) in given.iter().skip(1) {
        errors.at(span, "a field holds one setting: give this one a field of its own");
    }
    keys.finish();
    given.first().map(|(_, setting)| *setting)
}

fn several(first: &Attribute, other: &Attribute) -> String {
    let name = |attribute: &Attribute| attribute.path().get_ident().map(ToString::to_string).unwrap_or_default();
    match (name(first), name(other)) {
        (one, other) if one == other => format!("#[{one}] is given twice on this field: join them into one"),
        (one, other) => format!(
            "a field is either #[{one}] or #[{other}]: keep one of them, or make a field of its own for the other"
        ),
    }
}
