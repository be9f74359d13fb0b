//! The macros of operator-core: one annotated struct becomes the definition of an operator.

mod attribute;
mod attrs;
mod derive;
mod errors;
mod expand;
mod model;
mod validate;

use proc_macro::TokenStream;

/// Makes a kind of cluster out of its spec.
#[proc_macro_derive(DataOperator, attributes(operator, config, node_type))]
pub fn data_operator(input: TokenStream) -> TokenStream {
    derive::data_operator(input.into()).into()
}

/// Makes a struct a node type.
#[proc_macro_attribute]
pub fn node_type(arguments: TokenStream, item: TokenStream) -> TokenStream {
    attribute::node_type(arguments.into(), item.into()).into()
}
