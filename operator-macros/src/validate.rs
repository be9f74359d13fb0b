//! Validates the model. Every rule is next to its message, and every message says what to write instead.

mod crd;
mod external;
mod mounts;
mod names;
mod node;
mod operator;
mod ports;
mod quantity;
mod references;
mod shape;
mod template;
mod variables;

pub use node::{node_enum, node_struct};
pub use operator::operator;
pub use shape::item_kind;

use crate::{attrs::Text, errors::Errors};

/// Reports each text that an earlier one equals.
fn unique<'a>(texts: impl IntoIterator<Item = &'a Text>, errors: &Errors, message: impl Fn(&str) -> String) {
    let mut seen: Vec<&str> = Vec::new();
    for text in texts {
        if seen.contains(&text.as_str()) {
            errors.at(&text.span(), message(text));
        }
        seen.push(text);
    }
}

/// Refuses a text that says nothing.
fn not_empty(key: &str, value: &Text, errors: &Errors) {
    if value.trim().is_empty() {
        errors.at(&value.span(), format!("`{key}` is empty: say which, or leave it out"));
    }
}

/// Refuses a path of a URL that doesn't start at the root.
fn absolute(what: &str, path: &Text, errors: &Errors) {
    if !path.starts_with('/') {
        errors.at(&path.span(), format!("the path of {what} is absolute: write \"/{}\"", path.as_str()));
    }
}
