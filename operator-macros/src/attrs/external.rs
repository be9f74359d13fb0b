//! `#[external(…)]` on a field.

use proc_macro2::Span;
use syn::Attribute;

use super::{Keys, Text};
use crate::{errors::Errors, model::ExternalCheck};

/// The keys of `#[external]`.
pub struct ExternalKeys {
    pub name: Option<Text>,
    pub at: Option<Text>,
    /// None where it couldn't be read, which is then reported.
    pub check: Option<ExternalCheck>,
    /// The position of the attribute.
    pub span: Span,
}

impl ExternalKeys {
    /// Reads the attribute.
    pub fn read(attribute: &Attribute, errors: &Errors) -> Self {
        let mut keys = Keys::of("external", &[attribute], errors);
        let name = keys.text("name");
        let at = keys.text("at");
        let span = keys.span();
        let check = check(&mut keys);
        keys.finish();
        Self { name, at, check, span }
    }
}

fn check(keys: &mut Keys) -> Option<ExternalCheck> {
    let given: Vec<_> = ["tcp", "http", "check"].into_iter().filter(|check| keys.has(check)).collect();
    match given.as_slice() {
        [] => keys.require("tcp", "tcp, or http = \"/path\", or check = path::to::function"),
        [_] => {}
        [first, second, ..] => {
            keys.errors.at(&keys.span(), format!("an external is checked in one way: keep `{first}` or `{second}`"));
        }
    }
    let (tcp, http, function) = (keys.flag("tcp"), keys.text("http"), keys.path("check"));
    match given.as_slice() {
        ["tcp"] => tcp.map(|_| ExternalCheck::Tcp),
        ["http"] => http.map(ExternalCheck::Http),
        ["check"] => function.map(ExternalCheck::Function),
        _ => None,
    }
}
