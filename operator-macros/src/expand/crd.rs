//! The parts of the `Definition` that go into the CustomResourceDefinition.

use proc_macro2::TokenStream;
use quote::quote;

use super::{option, strings};
use crate::{
    attrs::Text,
    model::{Crd, Deprecated},
};

/// Fields of a `Definition`, with a comma after each.
pub fn fields(crd: &Crd) -> TokenStream {
    let [short_names, categories, selectable] =
        [&crd.short_names, &crd.categories, &crd.selectable].map(|texts| strings(texts));
    let [annotations, labels] = [&crd.annotations, &crd.labels].map(|couples| pairs(couples));
    let [served, storage] = [crd.served, crd.storage].map(|said| said.unwrap_or(true));
    let deprecated = option(crd.deprecated.as_ref().map(|Deprecated(warning)| text(warning.as_ref()).unwrap_or("")));
    let scale = option(crd.scale.as_ref().map(|scale| {
        let (spec, status) = (scale.spec_replicas_path.as_str(), scale.status_replicas_path.as_str());
        let selector = option(text(scale.label_selector_path.as_ref()));
        quote! {
            _core::definition::ScaleSubresource {
                spec_replicas_path: #spec,
                status_replicas_path: #status,
                label_selector_path: #selector,
            }
        }
    }));
    let columns = crd.print_columns.iter().map(|column| {
        let (name, type_, json_path) = (column.name.as_str(), column.type_.0, column.json_path.as_str());
        let priority = column.priority;
        quote! {
            _core::definition::PrintColumn { name: #name, type_: #type_, json_path: #json_path, priority: #priority }
        }
    });
    let validations = crd.validations.iter().map(|validation| {
        let (rule, message) = (validation.rule.as_str(), validation.message.as_str());
        quote!(_core::definition::Validation { rule: #rule, message: #message })
    });
    quote! {
        short_names: #short_names,
        categories: #categories,
        annotations: #annotations,
        labels: #labels,
        served: #served,
        storage: #storage,
        deprecated: #deprecated,
        scale: #scale,
        selectable: #selectable,
        print_columns: &[#(#columns),*],
        validations: &[#(#validations),*],
    }
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
