//! Parts that are removed from schemas.

use serde_json::{Map, Value, json};

/// Removes keywords that Kubernetes doesn't know or that do harm, in the whole schema.
pub fn tidy(schema: &mut Value) {
    match schema {
        Value::Object(map) => {
            no_empty_default(map);
            known_format(map);
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

/// Removes the descriptions of items: the list or map has one.
pub fn no_descriptions_of_items(schema: &mut Value) {
    for key in ["items", "additionalProperties"] {
        if let Some(items) = schema.get_mut(key) {
            items.as_object_mut().map(|items| items.remove("description"));
            no_descriptions_of_items(items);
        }
    }
    let fields = schema.get_mut("properties").and_then(Value::as_object_mut);
    fields.into_iter().flatten().for_each(|(_, field)| no_descriptions_of_items(field));
}

/// Removes the empty default that `#[serde(default)]` leaves: it would be stored in every object.
fn no_empty_default(map: &mut Map<String, Value>) {
    let says_nothing = |value: &Value| value.is_null() || *value == json!({}) || *value == json!([]);
    if map.get("default").is_some_and(says_nothing) {
        map.remove("default");
    }
}

/// Removes formats that the API server warns of, such as `uint16`.
fn known_format(map: &mut Map<String, Value>) {
    let unknown = |format: &str| format.starts_with("uint") || ["int8", "int16"].contains(&format);
    if map.get("format").and_then(Value::as_str).is_some_and(unknown) {
        map.remove("format");
    }
}

/// Removes `nullable` from a setting. The API server drops the nulls of fields that aren't nullable, save in a server-side apply,
/// so that `null` unsets a field as in Kubernetes' own kinds. Fields of the author's own stay nullable: a Rust client may write
/// an `Option` as null.
pub fn not_nullable(schema: &mut Value) {
    let Some(map) = schema.as_object_mut() else { return };
    if map.remove("nullable").is_some()
        && let Some(Value::Array(values)) = map.get_mut("enum")
    {
        values.retain(|value| !value.is_null());
    }
    map.get_mut("items").into_iter().for_each(not_nullable);
    let fields = map.get_mut("properties").and_then(Value::as_object_mut);
    fields.into_iter().flatten().for_each(|(_, field)| not_nullable(field));
    map.get_mut("additionalProperties").into_iter().for_each(not_nullable);
}
