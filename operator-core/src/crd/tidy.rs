//! Parts that are removed from schemas.

use serde_json::{Value, json};

/// Removes keywords that Kubernetes doesn't know or that do harm, in the whole schema.
pub fn tidy(schema: &mut Value) {
    match schema {
        Value::Object(map) => {
            map.retain(|keyword, value| match keyword.as_str() {
                // `#[serde(default)]` leaves an empty one: it would be stored in every object.
                "default" => !(value.is_null() || *value == json!({}) || *value == json!([])),
                "format" => !value.as_str().is_some_and(is_unknown),
                _ => true,
            });
            map.values_mut().for_each(tidy);
        }
        Value::Array(items) => items.iter_mut().for_each(tidy),
        _ => {}
    }
}

/// Removes every default: a stored default would override every lower layer.
pub fn no_defaults(schema: &mut Value) {
    match schema {
        Value::Object(map) => {
            map.remove("default");
            for (key, value) in map {
                match (key.as_str(), value) {
                    // Here keys are fields' names, and one may be called `default`.
                    ("properties", Value::Object(fields)) => fields.values_mut().for_each(no_defaults),
                    (_, value) => no_defaults(value),
                }
            }
        }
        Value::Array(items) => items.iter_mut().for_each(no_defaults),
        _ => {}
    }
}

/// Whether the API server warns of a format, as of `uint16`.
fn is_unknown(format: &str) -> bool {
    format.starts_with("uint") || ["int8", "int16"].contains(&format)
}

/// Removes what the schema of a setting needn't say.
///
/// - The descriptions of items: the list or map has one.
/// - `nullable`: the API server drops the nulls of fields that aren't nullable, save in a server-side apply, so that `null` unsets a field as in
///   Kubernetes' own kinds. Fields of the author's own stay nullable: a Rust client may write an `Option` as null.
pub fn setting(schema: &mut Value) {
    let Some(map) = schema.as_object_mut() else { return };
    if map.remove("nullable").is_some()
        && let Some(Value::Array(values)) = map.get_mut("enum")
    {
        values.retain(|value| !value.is_null());
    }
    for key in ["items", "additionalProperties"] {
        if let Some(items) = map.get_mut(key) {
            items.as_object_mut().map(|items| items.remove("description"));
            setting(items);
        }
    }
    let fields = map.get_mut("properties").and_then(Value::as_object_mut);
    fields.into_iter().flatten().for_each(|(_, field)| setting(field));
}
