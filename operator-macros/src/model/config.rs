//! Configuration files.

use operator_definition::{Format, Reload};
use syn::{Attribute, Field, Path};

use super::cfgs;
use crate::{
    attrs::{ConfigKeys, Names, Text},
    errors::Errors,
};

/// A field marked `#[config(…)]`, or `config(…)` of a struct.
pub struct ConfigFile {
    /// JSON name of the field; none: it is computed from the whole struct.
    pub field: Option<String>,
    pub file: Text,
    pub mount: Text,
    pub format: Format,
    pub with: Option<Path>,
    pub reload: Reload,
    /// Names of the node types that read it; empty: all.
    pub readers: Vec<Text>,
    /// The field's `#[cfg(…)]`s: an attribute macro sees fields that are compiled out.
    pub cfgs: Vec<Attribute>,
}

impl ConfigFile {
    /// Puts the attribute and its field together.
    pub fn new(keys: ConfigKeys, field: &Field, names: Names, errors: &Errors) -> Self {
        Self { field: Some(names.of_field(field, errors)), cfgs: cfgs(field), ..Self::computed(keys) }
    }

    /// A file that no field says.
    pub fn computed(keys: ConfigKeys) -> Self {
        let ConfigKeys { file, mount, format, with, reload, readers } = keys;
        Self { field: None, file, mount, format, with, reload, readers, cfgs: Vec::new() }
    }
}
