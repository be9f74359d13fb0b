//! `#[operator(…)]` on the struct.

use proc_macro2::Span;
use syn::{Attribute, Ident, Path};

use super::{Keys, Setting, Text};
use crate::{
    errors::Errors,
    model::{ColumnType, PrintColumn, Validation, kind_of},
};

/// The keys of `#[operator]` on the struct.
pub struct OperatorKeys {
    pub group: Option<Text>,
    pub version: Option<Text>,
    pub kind: Option<Text>,
    pub plural: Option<Text>,
    pub singular: Option<Text>,
    pub short_names: Vec<Text>,
    pub categories: Vec<Text>,
    pub print_columns: Vec<PrintColumn>,
    pub validations: Vec<Validation>,
    pub root: Option<Text>,
    /// Where the key stands.
    pub customize: Option<Span>,
    pub derives: Vec<Path>,
    pub crate_path: Option<Path>,
}

impl OperatorKeys {
    /// Reads all `#[operator]` attributes of the struct as one; `ident` is its name.
    pub fn read(attributes: &[Attribute], ident: &Ident, errors: &Errors) -> Self {
        let attributes: Vec<_> = attributes.iter().filter(|attribute| attribute.path().is_ident("operator")).collect();
        let mut keys = Keys::of("operator", &attributes, errors);

        let kind = kind_of(ident);
        let examples = [
            ("group", format!("group = \"{}.example.com\"", kind.to_lowercase())),
            ("version", "version = \"v1alpha1\"".to_owned()),
            ("kind", format!("kind = \"{kind}\"")),
        ];
        if attributes.is_empty() {
            let examples = examples.map(|(_, example)| example).join(", ");
            errors.at(ident, format!("the kind has no name yet: add #[operator({examples})] to the struct"));
        } else {
            for (key, example) in &examples {
                keys.require(key, example);
            }
        }

        let read = Self {
            group: keys.text("group"),
            version: keys.text("version"),
            kind: keys.text("kind"),
            plural: keys.text("plural"),
            singular: keys.text("singular"),
            short_names: keys.texts("shortname"),
            categories: keys.texts("category"),
            print_columns: keys.lists("printcolumn").into_iter().filter_map(print_column).collect(),
            validations: keys.lists("validation").into_iter().filter_map(validation).collect(),
            root: keys.text("root"),
            customize: keys.flag("customize"),
            derives: keys.texts("derive").iter().filter_map(|text| path(text, errors)).collect(),
            crate_path: keys.path("crate"),
        };
        for (setting, _) in Setting::ALL {
            keys.refuse(setting, &format!("put #[operator({setting})] on the field that holds it"));
        }
        keys.refuse("namespaced", "a cluster always lives in a namespace; leave it out");
        keys.refuse("status", "the status is operator_core's ClusterStatus; leave it out");
        keys.finish();
        read
    }
}

fn print_column(mut keys: Keys) -> Option<PrintColumn> {
    // kube writes it with an underscore.
    let type_key = if keys.has("type_") { "type_" } else { "type" };
    keys.require("name", "name = \"Image\"");
    keys.require(type_key, "type = \"string\"");
    keys.require("json_path", "json_path = \".spec.image\"");
    let name = keys.text("name");
    let type_ = keys.choice(type_key, ColumnType::ALL).map_or(ColumnType::STRING, |type_| *type_);
    let json_path = keys.text("json_path");
    let priority = keys.integer("priority", 0..=i64::from(i32::MAX)).map_or(0, |priority| *priority);
    keys.finish();
    Some(PrintColumn { name: name?, type_, json_path: json_path?, priority })
}

fn validation(mut keys: Keys) -> Option<Validation> {
    keys.require("rule", "rule = \"has(self.spec.image)\"");
    keys.require("message", "message = \"give an image\"");
    let rule = keys.text("rule");
    let message = keys.text("message");
    keys.finish();
    Some(Validation { rule: rule?, message: message? })
}

fn path(text: &Text, errors: &Errors) -> Option<Path> {
    let parsed = syn::LitStr::new(text, text.span()).parse_with(Path::parse_mod_style).ok();
    if parsed.is_none() {
        errors.at(&text.span(), "`derive` takes one derive macro: derive = \"PartialEq\"");
    }
    parsed
}
