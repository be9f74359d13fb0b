//! Configuration files.

use syn::{Attribute, Field, Path};

use super::cfgs;
use crate::{
    attrs::{ConfigKeys, Names, Text},
    errors::Errors,
};

/// A field marked `#[config(…)]`.
pub struct ConfigFile {
    /// JSON name of the field.
    pub field: String,
    pub file: Text,
    pub mount: Text,
    pub format: Format,
    pub with: Option<Path>,
    pub reload: Reload,
    /// The field's `#[cfg(…)]`s: an attribute macro sees fields that are compiled out.
    pub cfgs: Vec<Attribute>,
}

/// Format of a configuration file; the variants are those of operator-core's `Format`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Format {
    Raw,
    Properties,
    Json,
    Yaml,
    Env,
    Toml,
    Ini,
    Xml,
}

impl Format {
    /// As attributes spell it.
    pub const ALL: &[(&str, Self)] = &[
        ("raw", Self::Raw),
        ("properties", Self::Properties),
        ("json", Self::Json),
        ("yaml", Self::Yaml),
        ("env", Self::Env),
        ("toml", Self::Toml),
        ("ini", Self::Ini),
        ("xml", Self::Xml),
    ];
}

/// What a change of the file does to running pods; the variants are those of operator-core's `Reload`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Reload {
    Pods,
    None,
}

impl Reload {
    /// As attributes spell it.
    pub const ALL: &[(&str, Self)] = &[("pods", Self::Pods), ("none", Self::None)];
}

impl ConfigFile {
    /// Puts the attribute and its field together.
    pub fn new(keys: ConfigKeys, field: &Field, names: Names, errors: &Errors) -> Self {
        let ConfigKeys { file, mount, format, with, reload } = keys;
        Self { field: names.of_field(field, errors), file, mount, format, with, reload, cfgs: cfgs(field) }
    }
}
