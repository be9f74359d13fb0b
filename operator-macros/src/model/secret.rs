//! Secrets.

use darling::util::SpannedValue;
use operator_definition::SecretPath;
use syn::{Attribute, Field, Type, ext::IdentExt, spanned::Spanned};

use super::cfgs;
use crate::{
    attrs::{Names, SecretKeys, Text},
    errors::Errors,
};

/// A field marked `#[secret(…)]`.
pub struct SecretField {
    /// JSON name of the field.
    pub field: String,
    pub ty: Type,
    pub key: Text,
    pub env: Option<Text>,
    pub file: Option<Text>,
    pub folder: Option<Text>,
    pub generate: Option<SpannedValue<u32>>,
    /// Names of the node types that read it; empty: all.
    pub readers: Vec<Text>,
    /// The field's `#[cfg(…)]`s: an attribute macro sees fields that are compiled out.
    pub cfgs: Vec<Attribute>,
}

impl SecretField {
    /// Puts the attribute and its field together.
    pub fn new(keys: SecretKeys, field: &Field, names: Names, errors: &Errors) -> Self {
        let SecretKeys { env, file, folder, key, generate, readers } = keys;
        Self {
            field: names.of_field(field, errors),
            ty: field.ty.clone(),
            key: key.unwrap_or_else(|| kebab(field)),
            env,
            file,
            folder,
            generate,
            readers,
            cfgs: cfgs(field),
        }
    }

    /// Where it is in the container, other than in a variable, as it is written.
    pub fn path(&self) -> Option<(&Text, SecretPath<'_>)> {
        let folder = self.folder.as_ref().map(|folder| (folder, SecretPath::Folder(folder)));
        folder.or_else(|| self.file.as_ref().map(|file| (file, SecretPath::File(file))))
    }
}

/// The field's name in kebab-case, what is named after a field by default.
pub fn kebab(field: &Field) -> Text {
    let name = field.ident.as_ref().map(|ident| ident.unraw().to_string().replace('_', "-")).unwrap_or_default();
    Text::new(name, field.ident.as_ref().map_or_else(|| field.span(), Spanned::span))
}
