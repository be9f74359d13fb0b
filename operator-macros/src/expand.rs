//! Writes the code: data and thin trait impls, no logic.

mod checks;
mod crd;
mod definition;
mod external;
mod node;
mod operator;
mod root;
mod secret;
mod template;

pub use node::{node_enum, node_struct};
pub use operator::operator;
pub use root::root;

use std::fmt::Debug;

use proc_macro2::{Ident, Span, TokenStream};
use quote::{ToTokens, quote};

/// `Some(value)` or `None`, as tokens.
fn option<T: ToTokens>(value: Option<T>) -> TokenStream {
    match value {
        Some(value) => quote!(::core::option::Option::Some(#value)),
        None => quote!(::core::option::Option::None),
    }
}

/// The strings in a slice.
fn strings(texts: &[crate::attrs::Text]) -> TokenStream {
    let texts = texts.iter().map(|text| text.as_str());
    quote!(&[#(#texts),*])
}

/// The variant's name: the enums are operator-definition's.
fn variant(value: impl Debug) -> Ident {
    Ident::new(&format!("{value:?}"), Span::call_site())
}
