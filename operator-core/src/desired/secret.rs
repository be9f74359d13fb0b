//! A Secret that is made where the custom resource names none: filled once, with random letters and digits, and kept.

use serde_json::json;

use super::Object;
use crate::{kinds::SECRET, node::Effective};

pub fn build(name: String, node: Option<&Effective>, key: &str, length: u32) -> Object {
    let mut object = Object::new(&SECRET, name, node, json!({ "type": "Opaque" }));
    object.generate = vec![(key.to_owned(), length)];
    object
}
