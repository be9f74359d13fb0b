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
            written(node, errors, expand::node_struct, NodeStruct::stub)
        }
        Ok(other) => {
            let advice = match other {
                Item::Enum(_) => "of several, #[node_types] makes an enum",
                _ => "put #[node_type] on a struct with named fields",
            };
            refused(&other, &format!("can't be a node type: {advice}"))
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
            written(node, errors, expand::node_enum, NodeEnum::stub)
        }
        Ok(other) => {
            refused(&other, "can't be several node types: put #[node_types] on an enum with a variant for each")
        }
        // What isn't even an item, the compiler reports best itself.
        Err(_) => item,
    }
}

fn written<T>(node: T, errors: Errors, write: fn(&T) -> TokenStream, stub: fn(T) -> T) -> TokenStream {
    let Some(errors) = errors.finish() else { return write(&node) };
    let stub = write(&stub(node));
    quote!(#errors #stub)
}

/// The item as it is, and that it can't be that.
fn refused(item: &Item, why: &str) -> TokenStream {
    let errors = Errors::default();
    let (what, span) = validate::item_kind(item);
    errors.at(&span, format!("{what} {why}"));
    let errors = errors.finish();
    quote!(#errors #item)
}
