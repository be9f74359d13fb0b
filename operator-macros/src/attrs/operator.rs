//! `#[operator(…)]` on the struct.

use syn::{Attribute, Ident, Path};

use super::{Keys, Text};
use crate::{
    errors::Errors,
    model::{ColumnType, PrintColumn, Validation},
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
    pub derives: Vec<Path>,
    pub crate_path: Option<Path>,
}

impl OperatorKeys {
    /// Reads all `#[operator]` attributes of the struct as one; `ident` is its name.
    pub fn read(attributes: &[Attribute], ident: &Ident, errors: &Errors) -> Self {
        let attributes: Vec<_> = attributes.iter().filter(|attribute| attribute.path().is_ident("operator")).collect();
        let mut keys = Keys::of("operator", &attributes, errors);

        let missing: Vec<_> = [("group", "example.com"), ("version", "v1alpha1"), ("kind", "Example")]
            .into_iter()
            .filter(|(key, _)| !keys.has(key))
            .map(|(key, example)| format!("{key} = \"{example}\""))
            .collect();
        if attributes.is_empty() {
            errors
                .at(ident, format!("the kind has no name yet: add #[operator({})] to the struct", missing.join(", ")));
        } else if !missing.is_empty() {
            errors.at(&keys.span(), format!("#[operator] isn't complete: add {}", missing.join(", ")));
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
            derives: keys.texts("derive").iter().filter_map(|text| path(text, errors)).collect(),
            crate_path: keys.path("crate"),
        };
        for setting in ["image", "defaults", "config_groups"] {
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
    if !keys.has(type_key) {
        keys.errors.at(&keys.span(), "printcolumn(…) has no `type`: add type = \"string\"");
    }
    let name = keys.required_text("name", "Image");
    let type_ = keys.choice(type_key, ColumnType::ALL);
    let json_path = keys.required_text("json_path", ".spec.image");
    let priority = keys.integer("priority", 0..=i64::from(i32::MAX));
    keys.finish();
    Some(PrintColumn {
        name: name?,
        type_: *type_?,
        json_path: json_path?,
        priority: priority.map_or(0, |priority| *priority),
    })
}

fn validation(mut keys: Keys) -> Option<Validation> {
    let rule = keys.required_text("rule", "has(self.spec.image)");
    let message = keys.required_text("message", "give an image");
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
