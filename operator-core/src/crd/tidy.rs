//! Parts that are removed from schemas, and one that is added.

use serde_json::{Map, Value, json};

use crate::settings::schema::PRESERVED;

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
    open(schema);
}

/// Says of fields, items and values that can be anything (`serde_json::Value`) that they are kept: the API server refuses or drops what has no
/// type.
fn open(schema: &mut Value) {
    let Some(keywords) = schema.as_object_mut() else { return };
    let fields = keywords.get_mut("properties").and_then(Value::as_object_mut);
    fields.into_iter().flat_map(|fields| fields.values_mut()).for_each(keep);
    for keyword in ["items", "additionalProperties"] {
        keywords.get_mut(keyword).into_iter().for_each(keep);
    }
}

fn keep(schema: &mut Value) {
    const SAYS: [&str; 7] = ["type", "x-kubernetes-int-or-string", PRESERVED, "anyOf", "oneOf", "allOf", "$ref"];
    match schema {
        Value::Bool(true) => *schema = json!({ PRESERVED: true }),
        Value::Object(keywords) if !SAYS.iter().any(|keyword| keywords.contains_key(*keyword)) => {
            keywords.insert(PRESERVED.to_owned(), true.into());
        }
        _ => {}
    }
    open(schema);
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
            "properties": { "default": { "type": "string" }, "format": { "type": "string", "default": [], "format": "int32" } },
        });
        tidy(&mut schema);
        let format = json!({ "type": "string", "format": "int32" });
        assert_eq!(schema, json!({ "properties": { "default": { "type": "string" }, "format": format } }));
    }

    #[test]
    fn what_can_be_anything_is_kept() {
        let mut schema = json!({
            "type": "object",
            "properties": {
                "any": { "description": "Anything." },
                "map": { "type": "object", "additionalProperties": true },
                "list": { "type": "array", "items": {} },
                "closed": { "type": "object", "additionalProperties": false },
            },
        });
        tidy(&mut schema);
        let fields = &schema["properties"];
        let kept = json!({ PRESERVED: true });
        assert_eq!(fields["any"], json!({ "description": "Anything.", PRESERVED: true }));
        assert_eq!((&fields["map"]["additionalProperties"], &fields["list"]["items"]), (&kept, &kept));
        assert_eq!(fields["closed"], json!({ "type": "object", "additionalProperties": false }));
    }
}
