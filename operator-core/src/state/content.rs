//! Digests of what pods refer to.

use serde_json::Value;

use crate::model::Digest;

/// Over what a ConfigMap or Secret holds: its `data` and `binaryData`. Its other fields don't matter to pods.
pub fn digest(object: &Value) -> Digest {
    let empty = Value::Object(serde_json::Map::new());
    let over = |key: &str| {
        let data = object.get(key).filter(|data| !data.is_null());
        Value::from(Digest::of(data.unwrap_or(&empty)).to_string())
    };
    Digest::of(&Value::from_iter([over("data"), over("binaryData")]))
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn a_digest_is_over_the_data_alone() {
        let of = |object: Value| digest(&object);
        let one = of(json!({ "data": { "a": "1", "b": "2" }, "metadata": { "resourceVersion": "7" } }));
        assert_eq!(one, of(json!({ "data": { "b": "2", "a": "1" }, "type": "Opaque", "binaryData": null })));
        assert_ne!(one, of(json!({ "data": { "a": "1", "b": "3" } })));
        assert_ne!(one, of(json!({ "binaryData": { "a": "1", "b": "2" } })));
        assert_eq!(of(json!({})), of(json!({ "data": {} })));
    }
}
