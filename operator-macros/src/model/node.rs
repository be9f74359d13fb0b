//! A struct marked `#[node_type]`.

use proc_macro2::TokenStream;
use syn::{Attribute, Field, Fields, Ident, ItemStruct, Path, parse_quote, spanned::Spanned};

use super::{ConfigFile, Copies, SecretField, Template, cfgs};
use crate::{
    attrs::{ConfigKeys, Keys, Names, SecretKeys, helper_key},
    errors::{Errors, suggestion},
};

/// A node type of its own: the struct as it will be written, and its attributes.
pub struct NodeStruct {
    /// The struct, with the common fields, and without the attributes that were for us.
    pub item: ItemStruct,
    pub template: Template,
    /// The fields that are in the JSON under names of their own.
    pub own_fields: Vec<OwnField>,
    pub crate_path: Path,
}

/// A field of the author's.
pub struct OwnField {
    /// JSON name.
    pub name: String,
    /// Name in Rust.
    pub ident: Ident,
    pub cfgs: Vec<Attribute>,
}

impl NodeStruct {
    /// Reads the attribute's keys and the struct's fields.
    pub fn read(arguments: TokenStream, mut item: ItemStruct, errors: &Errors) -> Self {
        let mut keys = Keys::of_macro("node_type", arguments, errors);
        let crate_path = keys.path("crate").unwrap_or_else(|| parse_quote!(::operator_core));
        let copies = keys.field("copies");
        let computed = ConfigKeys::computed(&mut keys);
        let mut template = Template::read(&mut keys);
        keys.finish();

        let names = if helper_key(&item.attrs, "serde", "rename_all").is_some() {
            Names::of(&item.attrs, errors)
        } else {
            Names::camel_case()
        };
        let mut own_fields = Vec::new();
        template.configs.extend(computed.into_iter().map(ConfigFile::computed));
        for field in &mut item.fields {
            match part(field, names, errors) {
                Some(Part::Config(config)) => template.configs.push(config),
                Some(Part::Secret(secret)) => template.secrets.push(*secret),
                None => {}
            }
            if let (Some(ident), Some(name)) = (field.ident.clone(), names.if_named(field)) {
                own_fields.push(OwnField { name, ident, cfgs: cfgs(field) });
            }
            field.attrs.retain(|attribute| !is_ours(attribute));
        }
        for config in template
            .configs
            .iter()
            .map(|config| &config.readers)
            .chain(template.secrets.iter().map(|secret| &secret.readers))
        {
            for reader in config {
                errors.at(
                    &reader.span(),
                    "only nodes of this type read it: leave out `readers`, which is for fields of the spec",
                );
            }
        }
        template.copies = copies.and_then(|ident| {
            let field = own_fields.iter().find(|field| field.ident == ident).map(|field| field.name.clone());
            if field.is_none() {
                let names: Vec<String> = own_fields.iter().map(|field| field.ident.to_string()).collect();
                let names: Vec<&str> = names.iter().map(String::as_str).collect();
                errors.at(
                    &ident,
                    format!("this struct has no field `{ident}`; {}", suggestion(&ident.to_string(), &names)),
                );
            }
            Some(Copies { field: field?, ident })
        });
        Self { item, template, own_fields, crate_path }
    }

    /// Name of the field that holds what all node types have in common.
    pub const COMMON: &str = "node";

    /// The author's field of that name, which can't be.
    pub fn conflicting_field(&self) -> Option<&Ident> {
        self.item.fields.iter().filter_map(|field| field.ident.as_ref()).find(|ident| *ident == Self::COMMON)
    }

    /// What is left where there were mistakes: a node type, so that code that uses it isn't complained of too.
    pub fn stub(self) -> Self {
        Self { template: Template::default(), ..self }
    }

    /// Whether nodes of this type can be made: a struct with named fields and without parameters.
    pub fn has_usable_shape(&self) -> bool {
        matches!(self.item.fields, Fields::Named(_)) && self.item.generics.params.is_empty()
    }
}

/// Attributes that this macro reads or refuses; the compiler doesn't know them on a field.
fn is_ours(attribute: &Attribute) -> bool {
    ["config", "secret", "external", "operator", "node_type"].iter().any(|name| attribute.path().is_ident(name))
}

/// The part that a field plays.
enum Part {
    Config(ConfigFile),
    Secret(Box<SecretField>),
}

fn part(field: &Field, names: Names, errors: &Errors) -> Option<Part> {
    let mut found: Option<&Attribute> = None;
    for attribute in field.attrs.iter().filter(|attribute| is_ours(attribute)) {
        let name = |attribute: &Attribute| attribute.path().get_ident().map(ToString::to_string).unwrap_or_default();
        let this = name(attribute);
        if !["config", "secret"].contains(&this.as_str()) {
            let message =
                format!("#[{this}] belongs on a field of the struct that derives DataOperator, not of a node type");
            errors.at(&attribute.path().span(), message);
        } else if let Some(found) = found {
            let message = if found.path() == attribute.path() {
                format!("#[{this}] is given twice on this field: join them into one")
            } else {
                let advice = "keep one of them, or make a field of its own for the other";
                format!("a field is either #[{}] or #[{this}]: {advice}", name(found))
            };
            errors.at(attribute.path(), message);
        } else {
            found = Some(attribute);
        }
    }
    let found = found?;
    if found.path().is_ident("secret") {
        let keys = SecretKeys::read(found, errors);
        return Some(Part::Secret(Box::new(SecretField::new(keys, field, names, errors))));
    }
    let keys = ConfigKeys::read(found, errors)?;
    Some(Part::Config(ConfigFile::new(keys, field, names, errors)))
}
