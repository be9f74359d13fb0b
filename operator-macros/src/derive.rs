//! `#[derive(DataOperator)]`, from tokens to tokens.

use proc_macro2::TokenStream;
use quote::quote;
use syn::DeriveInput;

use crate::{errors::Errors, expand, model::Operator, validate};

/// The kind's name for the custom resource, and the definition; where there are mistakes, those, and one that is empty.
pub fn data_operator(input: TokenStream) -> TokenStream {
    let input: DeriveInput = match syn::parse2(input) {
        Ok(input) => input,
        Err(error) => return error.to_compile_error(),
    };
    let errors = Errors::default();
    let operator = Operator::read(&input, &errors);
    validate::operator(&operator, &input, &errors);
    let Some(errors) = errors.finish() else {
        return expand::operator(&operator);
    };
    if operator.root == operator.spec {
        return errors;
    }
    if !input.generics.params.is_empty() {
        let root = expand::root(&operator);
        return quote!(#errors #root);
    }
    let stub = expand::operator(&operator.stub());
    quote!(#errors #stub)
}
