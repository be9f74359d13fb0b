//! Parts that are removed from schemas.

use serde_json::{Map, Value, json};

/// Removes keywords that Kubernetes doesn't know or that do harm, in the whole schema.
pub fn tidy(schema: &mut Value) {
    walk(schema, &|keywords| {
        keywords.retain(|keyword, value| match keyword.as_str() {
            // `#[serde(default)]` leaves an empty one: it would be stored in every object.
            "default" => !(value.is_null() || *value == json!({}) || *value == json!([])),
            "format" => !value.as_str().is_some_and(is_unknown),
            _ => true,
        });
    });
}

/// Removes every default: a stored default would override every lower layer.
pub fn no_defaults(schema: &mut Value) {
    walk(schema, &|keywords| _ = keywords.remove("default"));
}

/// Changes the keywords of a schema and of all within.
fn walk(schema: &mut Value, change: &impl Fn(&mut Map<String, Value>)) {
    match schema {
        Value::Object(keywords) => {
            change(keywords);
            for (keyword, value) in keywords {
                match (keyword.as_str(), value) {
                    // Here keys are fields' names, and one may be called `default`.
                    ("properties", Value::Object(fields)) => fields.values_mut().for_each(|field| walk(field, change)),
                    (_, value) => walk(value, change),
                }
            }
        }
        Value::Array(items) => items.iter_mut().for_each(|item| walk(item, change)),
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_field_may_be_called_like_a_keyword() {
        let mut schema = json!({
            "default": {}, "format": "uint16",
            "properties": { "default": {}, "format": { "default": [], "format": "int32" } },
        });
        tidy(&mut schema);
        assert_eq!(schema, json!({ "properties": { "default": {}, "format": { "format": "int32" } } }));
    }
}
