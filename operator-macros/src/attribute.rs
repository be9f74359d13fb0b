//! `#[node_type]` on a struct and `#[node_types]` on an enum, from tokens to tokens.

use proc_macro2::TokenStream;
use quote::quote;
use syn::Item;

use crate::{
    errors::Errors,
    expand,
    model::{NodeEnum, NodeStruct},
    validate,
};

/// The struct with its traits; where there are mistakes, those, and a node type that says nothing.
pub fn node_type(arguments: TokenStream, item: TokenStream) -> TokenStream {
    let errors = Errors::default();
    match syn::parse2(item.clone()) {
        Ok(Item::Struct(item)) => {
            let node = NodeStruct::read(arguments, item, &errors);
            validate::node_struct(&node, &errors);
            match errors.finish() {
                None => expand::node_struct(&node),
                Some(errors) => {
                    let stub = expand::node_struct(&node.stub());
                    quote!(#errors #stub)
                }
            }
        }
        Ok(other) => {
            let (what, span) = validate::item_kind(&other);
            let advice = match other {
                Item::Enum(_) => "of several, #[node_types] makes an enum",
                _ => "put #[node_type] on a struct with named fields",
            };
            errors.at(&span, format!("{what} can't be a node type: {advice}"));
            let errors = errors.finish();
            quote!(#errors #item)
        }
        // What isn't even an item, the compiler reports best itself.
        Err(_) => item,
    }
}

/// The enum with its traits; where there are mistakes, those, and an enum without node types.
pub fn node_types(arguments: TokenStream, item: TokenStream) -> TokenStream {
    let errors = Errors::default();
    match syn::parse2(item.clone()) {
        Ok(Item::Enum(item)) => {
            let node = NodeEnum::read(arguments, item, &errors);
            validate::node_enum(&node, &errors);
            match errors.finish() {
                None => expand::node_enum(&node),
                Some(errors) => {
                    let stub = expand::node_enum(&node.stub());
                    quote!(#errors #stub)
                }
            }
        }
        Ok(other) => {
            let (what, span) = validate::item_kind(&other);
            errors.at(
                &span,
                format!("{what} can't be several node types: put #[node_types] on an enum with a variant for each"),
            );
            let errors = errors.finish();
            quote!(#errors #item)
        }
        // What isn't even an item, the compiler reports best itself.
        Err(_) => item,
    }
}
