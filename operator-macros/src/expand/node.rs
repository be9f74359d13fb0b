//! What `#[node_type]` on a struct writes.

use proc_macro2::TokenStream;
use quote::quote;
use syn::{Attribute, Fields, Path, Token, parse_quote, punctuated::Punctuated};

use super::{checks::own_fields, root::path_string, secret, template::template};
use crate::{attrs::helper_key, model::NodeStruct};

/// The struct with its derives and the common fields, and its traits.
pub fn node_struct(node: &NodeStruct) -> TokenStream {
    let item = item(node);
    if !node.has_usable_shape() {
        return item;
    }
    let NodeStruct { crate_path, .. } = node;
    let ident = &node.item.ident;
    let template = template(&node.template, &parse_quote!(#ident));
    let names = node.own_fields.iter().map(|field| {
        let (cfgs, name) = (&field.cfgs, &field.name);
        quote!(#(#cfgs)* #name)
    });
    let fields = own_fields(&node.own_fields);
    let secrets = secret::checks(&node.template.secrets);
    quote! {
        #item

        const _: () = {
            use #crate_path as _core;

            impl _core::definition::NodeKind for #ident {
                const TEMPLATE: _core::definition::NodeTemplate = #template;
                const FIELDS: &'static [&'static str] = &[#(#names),*];
            }

            impl _core::definition::NodeField for #ident {
                const CARDINALITY: _core::definition::Cardinality = _core::definition::Cardinality::One;
                const TEMPLATE: _core::definition::NodeTemplate = <Self as _core::definition::NodeKind>::TEMPLATE;
                const FIELDS: &'static [&'static str] = <Self as _core::definition::NodeKind>::FIELDS;
            }

            #fields
            #secrets
        };
    }
}

fn item(node: &NodeStruct) -> TokenStream {
    let crate_path = &node.crate_path;
    let mut item = node.item.clone();
    item.attrs.splice(0..0, added_attributes(&item.attrs, crate_path));
    if let Fields::Named(fields) = &mut item.fields
        && node.conflicting_field().is_none()
    {
        fields.named.push(parse_quote! {
            /// What every node type has in common.
            #[serde(flatten)]
            pub node: #crate_path::NodeSpec
        });
    }
    quote!(#item)
}

/// Derives and settings that the author hasn't written. They come first: a derive must precede its helper
/// attributes.
fn added_attributes(present: &[Attribute], crate_path: &Path) -> Vec<Attribute> {
    let derived = derived(present);
    let derives: Vec<Path> = [
        ("Clone", parse_quote!(::core::clone::Clone)),
        ("Debug", parse_quote!(::core::fmt::Debug)),
        ("Serialize", parse_quote!(#crate_path::__private::serde::Serialize)),
        ("Deserialize", parse_quote!(#crate_path::__private::serde::Deserialize)),
        ("JsonSchema", parse_quote!(#crate_path::__private::schemars::JsonSchema)),
    ]
    .into_iter()
    .filter(|(name, _)| !derived.iter().any(|derived| derived == name))
    .map(|(_, path)| path)
    .collect();

    let mut added = Vec::new();
    if !derives.is_empty() {
        added.push(parse_quote!(#[derive(#(#derives),*)]));
    }
    if helper_key(present, "serde", "crate").is_none() {
        let serde = path_string(quote!(#crate_path::__private::serde));
        added.push(parse_quote!(#[serde(crate = #serde)]));
    }
    if helper_key(present, "serde", "rename_all").is_none() {
        added.push(parse_quote!(#[serde(rename_all = "camelCase")]));
    }
    if helper_key(present, "schemars", "crate").is_none() {
        let schemars = path_string(quote!(#crate_path::__private::schemars));
        added.push(parse_quote!(#[schemars(crate = #schemars)]));
    }
    added
}

/// Names of the traits that the author derives.
fn derived(attributes: &[Attribute]) -> Vec<String> {
    attributes
        .iter()
        .filter(|attribute| attribute.path().is_ident("derive"))
        .filter_map(|attribute| attribute.parse_args_with(Punctuated::<Path, Token![,]>::parse_terminated).ok())
        .flatten()
        .filter_map(|path| path.segments.last().map(|segment| segment.ident.to_string()))
        .collect()
}
