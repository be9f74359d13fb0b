//! What `#[node_type]` on a struct and `#[node_types]` on an enum write.

use proc_macro2::TokenStream;
use quote::{quote, quote_spanned};
use syn::{Attribute, Fields, Ident, Path, Token, parse_quote, punctuated::Punctuated, spanned::Spanned};

use super::{checks::own_fields, root::path_string, secret, template::template};
use crate::{
    attrs::helper_key,
    model::{NodeEnum, NodeStruct, NodeVariant},
};

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
    let one = one(ident);
    quote! {
        #item

        const _: () = {
            use #crate_path as _core;

            impl _core::definition::NodeKind for #ident {
                const TEMPLATE: _core::definition::NodeTemplate = #template;
                const FIELDS: &'static [&'static str] = &[#(#names),*];
            }

            #one

            #fields
            #secrets
        };
    }
}

/// The enum with its derives, and its traits.
pub fn node_enum(node: &NodeEnum) -> TokenStream {
    let NodeEnum { item, tag, variants, crate_path } = node;
    let mut item = item.clone();
    if !node.has_usable_shape() {
        item.attrs.clear();
        item.variants.iter_mut().for_each(|variant| variant.attrs.clear());
        return quote!(#item);
    }
    let (ident, span, tag) = (&item.ident, tag.span(), tag.as_str());
    let name = ident.to_string();
    let serde = path_string(quote!(#crate_path::__private::serde));
    let mut added = derives(&item.attrs, crate_path, false);
    added.push(parse_quote!(#[serde(crate = #serde, tag = #tag)]));
    let schemas =
        variants.iter().map(|NodeVariant { ty, cfgs, .. }| quote!(#(#cfgs)* generator.subschema_for::<#ty>()));
    let one = one(ident);
    let kinds = variants.iter().map(|NodeVariant { name, value, doc, cfgs, order, ty, place }| {
        let (name, place) = (name.as_str(), template(place, ty));
        let kind = quote_spanned!(ty.span()=> <#ty as _core::definition::NodeKind>);
        quote! {
            #(#cfgs)*
            _core::definition::Variant {
                name: #name,
                value: #value,
                doc: #doc,
                order: #order,
                layers: [#kind::TEMPLATE, #place],
                fields: #kind::FIELDS,
            }
        }
    });
    let check = quote_spanned! {span=>
        const _: () = _core::definition::checks::tag(
            <#ident as _core::definition::NodeKinds>::TAG,
            <#ident as _core::definition::NodeKinds>::VARIANTS,
            _core::settings::FIELDS,
        );
    };
    let written = quote! {
        const _: () = {
            use #crate_path as _core;

            impl _core::definition::NodeKinds for #ident {
                const TAG: &'static str = #tag;
                const VARIANTS: &'static [_core::definition::Variant] = &[#(#kinds),*];
            }

            #one
            #check

            impl _core::__private::schemars::JsonSchema for #ident {
                fn inline_schema() -> bool {
                    true
                }

                fn schema_name() -> ::std::borrow::Cow<'static, str> {
                    ::std::borrow::Cow::Borrowed(#name)
                }

                fn json_schema(
                    generator: &mut _core::__private::schemars::SchemaGenerator,
                ) -> _core::__private::schemars::Schema {
                    let types = &mut [#(#schemas),*];
                    _core::__private::node_types::<Self>(generator, types)
                }
            }
        };
    };
    item.attrs.splice(0..0, added);
    quote!(#item #written)
}

/// A field of the type itself holds one node.
fn one(ident: &Ident) -> TokenStream {
    quote! {
        impl _core::definition::NodeField for #ident {
            type Node = Self;
            const CARDINALITY: _core::definition::Cardinality = _core::definition::Cardinality::One;
        }
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
    let mut added = derives(present, crate_path, true);
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

/// The derives that the author hasn't written.
fn derives(present: &[Attribute], crate_path: &Path, with_schema: bool) -> Vec<Attribute> {
    let derived = derived(present);
    let schema: Option<(&str, Path)> =
        with_schema.then(|| ("JsonSchema", parse_quote!(#crate_path::__private::schemars::JsonSchema)));
    let derives: Vec<Path> = [
        ("Clone", parse_quote!(::core::clone::Clone)),
        ("Debug", parse_quote!(::core::fmt::Debug)),
        ("Serialize", parse_quote!(#crate_path::__private::serde::Serialize)),
        ("Deserialize", parse_quote!(#crate_path::__private::serde::Deserialize)),
    ]
    .into_iter()
    .chain(schema)
    .filter(|(name, _)| !derived.iter().any(|derived| derived == name))
    .map(|(_, path)| path)
    .collect();
    if derives.is_empty() { Vec::new() } else { vec![parse_quote!(#[derive(#(#derives),*)])] }
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
