//! JSON values: what is empty, and what stands at a path.

use serde_json::{Map, Value};

/// Whether a value has no content: `null`, an empty list or an empty map.
pub(crate) fn is_empty(value: &Value) -> bool {
    match value {
        Value::Null => true,
        Value::Array(items) => items.is_empty(),
        Value::Object(fields) => fields.is_empty(),
        _ => false,
    }
}

/// The fields of a map that have content.
pub(crate) fn without_empty(json: Value) -> Map<String, Value> {
    fields(json).into_iter().filter(|(_, value)| !is_empty(value)).collect()
}

/// Removes the fields of maps that are `null`, wherever they stand in the value.
pub(crate) fn drop_null(value: &mut Value) {
    match value {
        Value::Object(map) => {
            map.retain(|_, value| !value.is_null());
            map.values_mut().for_each(drop_null);
        }
        Value::Array(items) => items.iter_mut().for_each(drop_null),
        _ => {}
    }
}

/// The fields of a map; none of any other value.
pub(crate) fn fields(json: Value) -> Map<String, Value> {
    if let Value::Object(fields) = json { fields } else { Map::new() }
}

/// The values at a path such as `containers|initContainers.*.env`: `*` stands for every item of a list, `|` separates keys.
pub(crate) fn at<'a>(value: &'a Value, path: &str) -> Vec<&'a Value> {
    path.split('.').fold(vec![value], |found, keys| match keys {
        "*" => found.into_iter().filter_map(Value::as_array).flatten().collect(),
        keys => found.into_iter().flat_map(|value| keys.split('|').filter_map(|key| value.get(key))).collect(),
    })
}

/// As [`at`], to be changed; in the order of the keys in the map.
pub(crate) fn at_mut<'a>(value: &'a mut Value, path: &str) -> Vec<&'a mut Value> {
    path.split('.').fold(vec![value], |found, keys| match keys {
        "*" => found.into_iter().filter_map(Value::as_array_mut).flatten().collect(),
        keys => {
            let fields = found.into_iter().filter_map(Value::as_object_mut).flatten();
            fields.filter(|(key, _)| keys.split('|').any(|one| one == *key)).map(|(_, value)| value).collect()
        }
    })
}

/// A path and one below it; either may be empty.
pub(crate) fn joined(path: &str, below: &str) -> String {
    if path.is_empty() || below.is_empty() { format!("{path}{below}") } else { format!("{path}.{below}") }
}

/// The field `name` of a value; empty: it has none.
pub(crate) fn name(value: &Value) -> &str {
    value.get("name").and_then(Value::as_str).unwrap_or_default()
}

/// `a, b`, or `none`. Of names that follow each other and are equal, one is listed.
pub(crate) fn listed<'a>(names: impl IntoIterator<Item = &'a str>) -> String {
    let mut names = Vec::from_iter(names);
    names.dedup();
    if names.is_empty() { "none".to_owned() } else { names.join(", ") }
}
