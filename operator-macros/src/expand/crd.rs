//! The parts of the `Definition` that go into the CustomResourceDefinition.

use proc_macro2::TokenStream;
use quote::{format_ident, quote};

use super::{option, strings};
use crate::{
    attrs::Text,
    model::{Crd, Deprecated},
};

/// Fields of a `Definition` that aren't as in `Definition::EMPTY`.
pub fn fields(crd: &Crd) -> Vec<TokenStream> {
    let mut fields = Vec::new();
    for (name, texts) in
        [("short_names", &crd.short_names), ("categories", &crd.categories), ("selectable", &crd.selectable)]
    {
        if !texts.is_empty() {
            let (name, texts) = (format_ident!("{name}"), strings(texts));
            fields.push(quote!(#name: #texts));
        }
    }
    for (name, couples) in [("annotations", &crd.annotations), ("labels", &crd.labels)] {
        if !couples.is_empty() {
            let (name, couples) = (format_ident!("{name}"), pairs(couples));
            fields.push(quote!(#name: #couples));
        }
    }
    for (name, said) in [("served", crd.served), ("storage", crd.storage)] {
        if said == Some(false) {
            let name = format_ident!("{name}");
            fields.push(quote!(#name: false));
        }
    }
    if let Some(Deprecated(warning)) = &crd.deprecated {
        let deprecated = option(Some(text(warning.as_ref()).unwrap_or("")));
        fields.push(quote!(deprecated: #deprecated));
    }
    if let Some(scale) = &crd.scale {
        let (spec, status) = (scale.spec_replicas_path.as_str(), scale.status_replicas_path.as_str());
        let selector = option(text(scale.label_selector_path.as_ref()));
        let scale = option(Some(quote! {
            _core::definition::ScaleSubresource {
                spec_replicas_path: #spec,
                status_replicas_path: #status,
                label_selector_path: #selector,
            }
        }));
        fields.push(quote!(scale: #scale));
    }
    if !crd.print_columns.is_empty() {
        let columns = crd.print_columns.iter().map(|column| {
            let (name, type_, json_path) = (column.name.as_str(), column.type_.0, column.json_path.as_str());
            let priority = column.priority;
            quote! {
                _core::definition::PrintColumn { name: #name, type_: #type_, json_path: #json_path, priority: #priority }
            }
        });
        fields.push(quote!(print_columns: &[#(#columns),*]));
    }
    if !crd.validations.is_empty() {
        let validations = crd.validations.iter().map(|validation| {
            let (rule, message) = (validation.rule.as_str(), validation.message.as_str());
            quote!(_core::definition::Validation { rule: #rule, message: #message })
        });
        fields.push(quote!(validations: &[#(#validations),*]));
    }
    fields
}

fn text(text: Option<&Text>) -> Option<&str> {
    text.map(|text| text.as_str())
}

fn pairs(couples: &[(Text, Text)]) -> TokenStream {
    let couples = couples.iter().map(|(key, value)| {
        let (key, value) = (key.as_str(), value.as_str());
        quote!((#key, #value))
    });
    quote!(&[#(#couples),*])
}
