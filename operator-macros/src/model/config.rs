//! Configuration files.

use operator_definition::{Format, Reload};
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

impl ConfigFile {
    /// Puts the attribute and its field together.
    pub fn new(keys: ConfigKeys, field: &Field, names: Names, errors: &Errors) -> Self {
        let ConfigKeys { file, mount, format, with, reload } = keys;
        Self { field: names.of_field(field, errors), file, mount, format, with, reload, cfgs: cfgs(field) }
    }
}
