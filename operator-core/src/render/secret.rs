//! A Secret that is created where the custom resource names none. It is filled once, with random letters and digits.

use k8s_openapi::ByteString;
use serde_json::{Value, json};

use super::Object;
use crate::{model::kind::SECRET, settings::ResolvedNode};

pub fn build(name: String, node: Option<&ResolvedNode>, key: &str, length: u32) -> Object {
    let mut object = Object::new(&SECRET, name, node, json!({ "type": "Opaque" }));
    object.generate = vec![(key.to_owned(), length)];
    object
}

/// Moves `stringData` into `data`. The API server does so too, but server-side apply then never removes it.
pub fn normalize(json: &mut Value) {
    let Some(json) = json.as_object_mut() else { return };
    let Some(Value::Object(texts)) = json.remove("stringData") else { return };
    if let Some(data) = json.entry("data").or_insert_with(|| json!({})).as_object_mut() {
        data.extend(texts.into_iter().map(|(key, text)| {
            let text = text.as_str().unwrap_or_default().as_bytes().to_vec();
            (key, json!(ByteString(text)))
        }));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn texts_become_data() {
        let mut json = json!({ "data": { "a": "eA==" }, "stringData": { "b": "x" } });
        normalize(&mut json);
        assert_eq!(json, json!({ "data": { "a": "eA==", "b": "eA==" } }));
    }
}
