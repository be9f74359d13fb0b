//! The macros of operator-core: one annotated struct becomes the definition of an operator.

mod attrs;
mod errors;
mod expand;
mod model;
mod validate;

use proc_macro::TokenStream;
use syn::{DeriveInput, parse_macro_input};

/// Makes a kind of cluster out of its spec.
#[proc_macro_derive(DataOperator, attributes(operator, config, node_type))]
pub fn data_operator(input: TokenStream) -> TokenStream {
    derive_data_operator(&parse_macro_input!(input as DeriveInput)).into()
}

/// Makes a struct a node type.
#[proc_macro_attribute]
pub fn node_type(arguments: TokenStream, item: TokenStream) -> TokenStream {
    attribute_node_type(arguments.into(), item.into()).into()
}

fn derive_data_operator(input: &DeriveInput) -> proc_macro2::TokenStream {
    let errors = errors::Errors::default();
    let operator = model::Operator::read(input, &errors);
    validate::operator(&operator, &errors);
    match errors.finish() {
        None => expand::operator(&operator),
        Some(errors) => {
            let stub = expand::operator(&operator.stub());
            quote::quote!(#errors #stub)
        }
    }
}

fn attribute_node_type(
    arguments: proc_macro2::TokenStream,
    item: proc_macro2::TokenStream,
) -> proc_macro2::TokenStream {
    let errors = errors::Errors::default();
    let item = match syn::parse2(item) {
        Ok(item) => item,
        Err(error) => return error.to_compile_error(),
    };
    let node = model::NodeStruct::read(arguments, item, &errors);
    validate::node_struct(&node, &errors);
    let errors = errors.finish();
    let expanded = expand::node_struct(&node);
    quote::quote!(#errors #expanded)
}
