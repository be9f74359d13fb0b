//! A Secret that is made where the custom resource names none: filled once, with random letters and digits, and kept.

use k8s_openapi::ByteString;
use serde_json::{Map, Value, json};

use super::Object;
use crate::{model::kind::SECRET, settings::ResolvedNode};

pub fn build(name: String, node: Option<&ResolvedNode>, key: &str, length: u32) -> Object {
    let mut object = Object::new(&SECRET, name, node, json!({ "type": "Opaque" }));
    object.generate = vec![(key.to_owned(), length)];
    object
}

/// Brings `stringData` into `data`: the API server would, too, but server-side apply then never takes it back.
pub fn settle(json: &mut Value) {
    let Some(Value::Object(texts)) = json.as_object_mut().and_then(|json| json.remove("stringData")) else { return };
    if let Some(data) = data(json) {
        data.extend(texts.into_iter().map(|(key, text)| {
            let text = text.as_str().unwrap_or_default().as_bytes().to_vec();
            (key, json!(ByteString(text)))
        }));
    }
}

/// The Secret with a `value` for each key of `generate` that it lacks.
pub fn filled(mut json: Value, generate: &[(String, u32)], mut value: impl FnMut(&(String, u32)) -> Value) -> Value {
    for key in generate {
        let Some(data) = data(&mut json) else { break };
        if !data.contains_key(&key.0) {
            data.insert(key.0.clone(), value(key));
        }
    }
    json
}

fn data(json: &mut Value) -> Option<&mut Map<String, Value>> {
    json.as_object_mut()?.entry("data").or_insert_with(|| json!({})).as_object_mut()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn texts_become_data() {
        let mut json = json!({ "data": { "a": "eA==" }, "stringData": { "b": "x" } });
        settle(&mut json);
        assert_eq!(json, json!({ "data": { "a": "eA==", "b": "eA==" } }));
    }

    #[test]
    fn only_what_is_missing_is_filled() {
        let generate = [("a".to_owned(), 3), ("b".to_owned(), 4)];
        let json = filled(json!({ "data": { "a": "kept" } }), &generate, |(_, length)| json!(length));
        assert_eq!(json, json!({ "data": { "a": "kept", "b": 4 } }));
        assert_eq!(
            filled(json!({ "spec": {} }), &[], |_| Value::Null),
            json!({ "spec": {} }),
            "what isn't generated stays as it is"
        );
    }
}
