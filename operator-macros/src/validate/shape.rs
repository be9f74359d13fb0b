//! The items that the macros accept: a struct with named fields and without parameters.

use proc_macro2::Span;
use syn::{Fields, Generics, Item, spanned::Spanned};

use crate::errors::Errors;

/// The rules of a struct's form.
pub fn is_struct_with_fields(fields: &Fields, ident: &syn::Ident, generics: &Generics, errors: &Errors) {
    match fields {
        Fields::Named(_) => {}
        Fields::Unnamed(fields) => errors.at(fields, format!("name the fields: struct {ident} {{ name: Type }}")),
        Fields::Unit => errors.at(ident, format!("give the struct braces: struct {ident} {{}}")),
    }
    if !generics.params.is_empty() {
        let message =
            "a custom resource has one schema, so its structs have no parameters: write the types into the fields";
        errors.at(&generics.params, message);
    }
}

/// The name of an item, and the position of its keyword.
pub fn item_kind(item: &Item) -> (&'static str, Span) {
    match item {
        Item::Struct(item) => ("a struct", item.struct_token.span()),
        Item::Enum(item) => ("an enum", item.enum_token.span()),
        Item::Union(item) => ("a union", item.union_token.span()),
        Item::Fn(item) => ("a function", item.sig.fn_token.span()),
        Item::Mod(item) => ("a module", item.mod_token.span()),
        Item::Trait(item) => ("a trait", item.trait_token.span()),
        Item::Type(item) => ("a type alias", item.type_token.span()),
        Item::Impl(item) => ("an impl", item.impl_token.span()),
        other => ("this", other.span()),
    }
}
