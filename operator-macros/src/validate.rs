//! Judges what was read. Every rule stands beside its message, and every message says what to write instead.

mod mounts;
mod names;
mod node;
mod operator;
mod quantity;
mod shape;
mod template;

pub use node::node_struct;
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
