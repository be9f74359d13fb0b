//! Assertions over what only the compiler knows: what a field's type says, joined with what the field says.

use crate::model::Operator;
use proc_macro2::TokenStream;

/// One constant per rule and node type, each at the field it is about.
pub fn checks(_operator: &Operator) -> TokenStream {
    TokenStream::new()
}
