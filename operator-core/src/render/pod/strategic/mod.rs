//! Strategic merge patch of a pod template, as the API server does it.
//!
//! Source: `k8s.io/apimachinery/pkg/util/strategicpatch`, and the `patchMergeKey` tags of `k8s.io/api/core/v1`.

use serde_json::{Map, Value};

use crate::settings::{
    Invalid,
    json::joined,
    merge::patch::{self, DELETE_FROM_LIST, DIRECTIVE, RETAIN_KEYS},
};

const ELEMENT_ORDER: &str = "$setElementOrder/";

/// Where the merge is.
#[derive(Clone)]
struct Place {
    /// Without the items of lists: `spec.containers.env`.
    path: String,
    /// For messages: `spec.containers[broker].env`.
    shown: String,
}

impl Place {
    fn field(&self, name: &str) -> Self {
        Self { path: joined(&self.path, name), shown: joined(&self.shown, name) }
    }

    fn item(&self, name: &Value) -> Self {
        let name = name.as_str().map_or_else(|| name.to_string(), str::to_owned);
        Self { path: self.path.clone(), shown: format!("{}[{name}]", self.shown) }
    }

    fn merge_key(&self) -> Option<&'static str> {
        patch::merge_key(&self.path)
    }

    fn wrong(&self, message: impl Into<String>) -> Invalid {
        Invalid::new(self.shown.as_str(), message)
    }
}

/// Applies `patch` to a pod template. The path of what is wrong begins in the patch.
pub fn patch(template: &mut Value, patch: &Value) -> Result<(), Invalid> {
    let place = Place { path: String::new(), shown: String::new() };
    match (template, patch) {
        (Value::Object(template), Value::Object(patch)) => merge_maps(template, patch, &place),
        _ => Err(place.wrong("must be a map")),
    }
}

fn merge_maps(base: &mut Map<String, Value>, patch: &Map<String, Value>, place: &Place) -> Result<(), Invalid> {
    match directive(patch, place)? {
        Some("delete") => {
            base.clear();
            return Ok(());
        }
        Some("replace") => {
            *base = cleaned_map(patch);
            return Ok(());
        }
        _ => {}
    }
    if let Some(kept) = patch.get(RETAIN_KEYS) {
        let kept = kept.as_array().ok_or_else(|| place.field(RETAIN_KEYS).wrong("must be a list of names"))?;
        base.retain(|key, _| kept.iter().any(|it| it == key));
    }
    for (key, value) in patch {
        if let Some(list) = key.strip_prefix(DELETE_FROM_LIST) {
            let gone = value.as_array().ok_or_else(|| place.field(key).wrong("must be a list of values"))?;
            if let Some(Value::Array(items)) = base.get_mut(list) {
                items.retain(|item| !gone.contains(item));
            }
        }
        if is_directive(key) {
            continue;
        }
        let place = place.field(key);
        match (base.get_mut(key), value) {
            (_, Value::Null) => {
                base.remove(key);
            }
            (_, Value::Object(patch)) if directive(patch, &place)? == Some("delete") => {
                base.remove(key);
            }
            (Some(Value::Object(base)), Value::Object(patch)) => merge_maps(base, patch, &place)?,
            (Some(Value::Object(_)), _) => return Err(place.wrong("must be a map, as it is in the pod template")),
            (Some(Value::Array(_)), value) if !value.is_array() => {
                return Err(place.wrong("must be a list, as it is in the pod template"));
            }
            // A list that doesn't exist yet must be well formed, too.
            (base_list, Value::Array(patch)) if place.merge_key().is_some() => {
                let mut items = base_list.and_then(Value::as_array_mut).map(std::mem::take).unwrap_or_default();
                merge_lists(&mut items, patch, &place)?;
                base.insert(key.clone(), items.into());
            }
            (_, value) => base.extend(cleaned(value).map(|value| (key.clone(), value))),
        }
    }
    Ok(())
}

fn merge_lists(base: &mut Vec<Value>, patch: &[Value], place: &Place) -> Result<(), Invalid> {
    let key = place.merge_key().unwrap_or("name");
    if patch.iter().any(|item| item.get(DIRECTIVE).and_then(Value::as_str) == Some("replace")) {
        *base = cleaned_list(patch);
        return Ok(());
    }
    for item in patch {
        let fields = item.as_object().ok_or_else(|| place.wrong("its items must be maps"))?;
        let name = fields.get(key).filter(|name| !name.is_null());
        let name = name.ok_or_else(|| place.wrong(format!("each item needs `{key}`, by which it is merged")))?;
        let there = base.iter_mut().find(|below| below.get(key) == Some(name));
        match (directive(fields, &place.item(name))?, there) {
            (Some("delete"), _) => base.retain(|below| below.get(key) != Some(name)),
            (_, Some(Value::Object(below))) => merge_maps(below, fields, &place.item(name))?,
            _ => base.extend(cleaned(item)),
        }
    }
    Ok(())
}

fn directive<'a>(patch: &'a Map<String, Value>, place: &Place) -> Result<Option<&'a str>, Invalid> {
    let Some(directive) = patch.get(DIRECTIVE) else { return Ok(None) };
    match directive.as_str() {
        Some(known @ ("delete" | "replace" | "merge")) => Ok(Some(known)),
        _ => Err(place.field(DIRECTIVE).wrong("must be delete, replace or merge")),
    }
}

/// Removes directives and `null`, which have no meaning where there is no value yet. None: the value is to be deleted.
fn cleaned(value: &Value) -> Option<Value> {
    match value {
        Value::Object(map) if map.get(DIRECTIVE).and_then(Value::as_str) == Some("delete") => None,
        Value::Object(map) => Some(Value::Object(cleaned_map(map))),
        Value::Array(items) => Some(cleaned_list(items).into()),
        Value::Null => None,
        value => Some(value.clone()),
    }
}

/// An item that says `replace` is about its list.
fn cleaned_list(items: &[Value]) -> Vec<Value> {
    items.iter().filter(|item| !item.get(DIRECTIVE).is_some_and(|it| it == "replace")).filter_map(cleaned).collect()
}

fn cleaned_map(map: &Map<String, Value>) -> Map<String, Value> {
    let fields = map.iter().filter(|(key, _)| !is_directive(key));
    fields.filter_map(|(key, value)| Some((key.clone(), cleaned(value)?))).collect()
}

fn is_directive(key: &str) -> bool {
    key == DIRECTIVE || key == RETAIN_KEYS || key.starts_with(ELEMENT_ORDER) || key.starts_with(DELETE_FROM_LIST)
}

#[cfg(test)]
mod tests;
