//! What a cluster depends on and the operator doesn't run.

use super::{absolute, names, unique};
use crate::{
    errors::Errors,
    model::{External, ExternalCheck},
};

/// The rules of fields marked `#[external(…)]`.
pub fn externals(externals: &[External], errors: &Errors) {
    for external in externals {
        names::label("an external's name", &external.name, errors);
        if let Some(at) = external.at.as_ref().filter(|at| at.split('.').any(str::is_empty)) {
            errors.at(
                &at.span(),
                "`at` is a path of names below the field, with dots between them: write \"address\" or \
                 \"zookeeper.address\", or leave it out where the field itself holds the address",
            );
        }
        if let ExternalCheck::Http(path) = &external.check {
            absolute("a check", path, errors);
        }
    }
    unique(externals.iter().map(|external| &external.name), errors, |name| {
        format!("another external is called `{name}` already: give this one another name, with name = \"…\"")
    });
}
