//! Configuration files.

use syn::{Attribute, Field, Path};

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
}

impl Format {
    /// As attributes spell it.
    pub const ALL: &[(&str, Self)] = &[
        ("raw", Self::Raw),
        ("properties", Self::Properties),
        ("json", Self::Json),
        ("yaml", Self::Yaml),
        ("env", Self::Env),
    ];
}

impl ConfigFile {
    /// Puts the attribute and its field together.
    pub fn new(keys: ConfigKeys, field: &Field, names: Names, errors: &Errors) -> Self {
        let ConfigKeys { file, mount, format, with } = keys;
        let cfgs = field.attrs.iter().filter(|attribute| attribute.path().is_ident("cfg")).cloned().collect();
        Self { field: names.of_field(field, errors), file, mount, format, with, cfgs }
    }
}
