//! Reading and writing of untyped objects by JSON pointer.

use serde_json::{Map, Value};

/// The text at a pointer; empty where there is none.
pub fn text<'a>(value: &'a Value, pointer: &str) -> &'a str {
    value.pointer(pointer).and_then(Value::as_str).unwrap_or_default()
}

/// The number at a pointer; 0 where there is none.
pub fn number(value: &Value, pointer: &str) -> i64 {
    value.pointer(pointer).and_then(Value::as_i64).unwrap_or_default()
}

/// The items of the list at a pointer; none where there is no list.
pub fn items<'a>(value: &'a Value, pointer: &str) -> &'a [Value] {
    value.pointer(pointer).and_then(Value::as_array).map_or(&[], Vec::as_slice)
}

/// The items of the list at a pointer, to be changed.
pub fn items_mut<'a>(value: &'a mut Value, pointer: &str) -> impl Iterator<Item = &'a mut Value> {
    value.pointer_mut(pointer).and_then(Value::as_array_mut).into_iter().flatten()
}

/// The map at a pointer, which is created if it is missing.
pub fn map<'a>(value: &'a mut Value, pointer: &str) -> &'a mut Map<String, Value> {
    let mut here = value;
    for key in pointer.split('/').filter(|key| !key.is_empty()) {
        here = as_map(here).entry(key).or_insert(Value::Null);
    }
    as_map(here)
}

fn as_map(value: &mut Value) -> &mut Map<String, Value> {
    if !value.is_object() {
        *value = Value::Object(Map::new());
    }
    match value {
        Value::Object(map) => map,
        _ => unreachable!("it was made a map above"),
    }
}

/// Sets the value at a pointer; `Null` removes it.
pub fn put(value: &mut Value, pointer: &str, new: impl Into<Value>) {
    let (parent, key) = pointer.rsplit_once('/').unwrap_or(("", pointer));
    match new.into() {
        Value::Null => {
            if let Some(parent) = value.pointer_mut(parent).and_then(Value::as_object_mut) {
                parent.remove(key);
            }
        }
        new => {
            map(value, parent).insert(key.to_owned(), new);
        }
    }
}

/// Sets the value at a pointer where there is none.
pub fn default(value: &mut Value, pointer: &str, new: impl Into<Value>) {
    if value.pointer(pointer).is_none_or(Value::is_null) {
        put(value, pointer, new);
    }
}

/// Lays a JSON merge patch (RFC 7386) over a value.
pub fn merge_patch(value: &mut Value, patch: &Value) {
    let Value::Object(patch) = patch else {
        *value = patch.clone();
        return;
    };
    let map = as_map(value);
    for (key, patch) in patch {
        if patch.is_null() {
            map.remove(key);
        } else {
            merge_patch(map.entry(key).or_insert(Value::Null), patch);
        }
    }
}
