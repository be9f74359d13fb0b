//! The attributes of one field: which part it plays.

use proc_macro2::Span;
use syn::{Attribute, Field, spanned::Spanned};

use super::{ConfigKeys, ExternalKeys, Keys, PlaceKeys, SecretKeys, Text};
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
    Setting(SettingKeys),
    /// `#[config(…)]`
    Config(ConfigKeys),
    /// `#[secret(…)]`
    Secret(SecretKeys),
    /// `#[external(…)]`, one or more.
    Externals(Vec<ExternalKeys>),
    /// `#[node_type(…)]`
    NodeType(Box<PlaceKeys>),
    /// `#[node_types]`: what they are, the enum says.
    NodeTypes,
}

/// A setting, and the name by which nodes refer to it, where they do.
pub struct SettingKeys {
    pub setting: Setting,
    pub by: Option<Text>,
}

/// A cluster-wide setting.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Setting {
    Image,
    Defaults,
    ConfigGroups,
    AppConfigGroups,
    DeploymentOrder,
}

impl Setting {
    /// Name of the key, and the setting.
    pub const ALL: [(&'static str, Self); 5] = [
        ("image", Self::Image),
        ("defaults", Self::Defaults),
        ("config_groups", Self::ConfigGroups),
        ("app_config_groups", Self::AppConfigGroups),
        ("deployment_order", Self::DeploymentOrder),
    ];

    /// Of groups: JSON name of the field by which nodes refer to one, where the attribute says none.
    pub fn by(self) -> Option<&'static str> {
        match self {
            Self::ConfigGroups => Some("configGroup"),
            Self::AppConfigGroups => Some("appConfigGroup"),
            Self::Image | Self::Defaults | Self::DeploymentOrder => None,
        }
    }
}

impl FieldAttributes {
    /// Reads the attributes of a field of the spec. None where it has none of ours.
    pub fn read(field: &Field, errors: &Errors) -> Option<Self> {
        let ours: Vec<_> =
            field.attrs.iter().filter(|attribute| NAMES.iter().any(|name| attribute.path().is_ident(name))).collect();
        let first = ours.first()?;
        let repeatable = first.path().is_ident("external");
        let (same, others): (Vec<&Attribute>, Vec<_>) =
            ours.iter().partition(|attribute| attribute.path() == first.path());
        for other in others.into_iter().chain(same.iter().skip(1).copied().filter(|_| !repeatable)) {
            errors.at(other.path(), several(first, other));
        }
        let role = match name(first).as_str() {
            "config" => ConfigKeys::read(first, errors).map(Role::Config),
            "secret" => Some(Role::Secret(SecretKeys::read(first, errors))),
            "external" => {
                Some(Role::Externals(same.iter().map(|attribute| ExternalKeys::read(attribute, errors)).collect()))
            }
            "node_type" => Some(Role::NodeType(Box::new(PlaceKeys::read(first, errors)))),
            "node_types" => {
                let mut keys = Keys::of("node_types", &[first], errors);
                keys.refuse("tag", "it belongs in #[node_types(tag = \"…\")] on the enum");
                if !keys.is_empty() {
                    errors.at(first.path(), "the enum says what its node types are: write #[node_types] alone here");
                }
                Some(Role::NodeTypes)
            }
            _ => setting(first, errors).map(Role::Setting),
        };
        Some(Self { role, span: first.path().span() })
    }
}

const NAMES: [&str; 6] = ["operator", "config", "secret", "external", "node_type", "node_types"];

fn setting(attribute: &Attribute, errors: &Errors) -> Option<SettingKeys> {
    let mut keys = Keys::of("operator", &[attribute], errors);
    let empty = keys.is_empty();
    let mut given = Vec::new();
    for (key, setting) in Setting::ALL {
        let read = if let Some(by) = setting.by() {
            groups(&mut keys, key, by)
        } else {
            keys.flag(key).map(|span| (span, None))
        };
        given.extend(read.map(|(span, by)| (span, SettingKeys { setting, by })));
    }
    if empty {
        let known = Setting::ALL.map(|(key, _)| format!("#[operator({key})]"));
        let (last, first) = known.split_last()?;
        errors.at(&keys.span(), format!("#[operator] says nothing: write {} or {last}", first.join(", ")));
    }
    for (span, _) in given.iter().skip(1) {
        errors.at(span, "a field holds one setting: give this one a field of its own");
    }
    for key in ["validate", "form"] {
        keys.refuse(key, "it belongs in #[operator(…)] on the struct");
    }
    keys.finish();
    given.into_iter().next().map(|(_, setting)| setting)
}

/// `config_groups` or `config_groups(by = "…")`.
fn groups(keys: &mut Keys, key: &'static str, example: &str) -> Option<(Span, Option<Text>)> {
    let (span, list) = keys.flag_or_list(key, &format!("by = \"{example}\""))?;
    let by = list.and_then(|mut keys| {
        keys.require("by", &format!("by = \"{example}\", the name of a node's field"));
        let by = keys.text("by");
        keys.finish();
        by
    });
    Some((span, by))
}

fn several(first: &Attribute, other: &Attribute) -> String {
    match (name(first), name(other)) {
        (one, other) if one == other && one == "node_type" => {
            "#[node_type] is given twice on this field: join them into one; nodes of several types are an enum marked \
             #[node_types]"
                .to_owned()
        }
        (one, other) if one == other => format!("#[{one}] is given twice on this field: join them into one"),
        (one, other) => format!(
            "a field is either #[{one}] or #[{other}]: keep one of them, or make a field of its own for the other"
        ),
    }
}

fn name(attribute: &Attribute) -> String {
    attribute.path().get_ident().map(ToString::to_string).unwrap_or_default()
}
