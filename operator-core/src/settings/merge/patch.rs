//! Patches: one laid over another gives a patch that does what the two do one after the other.
//!
//! Source: Kubernetes' strategic merge patch. A map that is deleted is gone, though: the API server would leave an empty one.

use serde_json::{Map, Value, json};

use super::{Place, Rule::PatchByKey, all_maps, by_key, same};

/// The key of a directive: `delete`, `replace` or `merge`.
pub(crate) const DIRECTIVE: &str = "$patch";
/// The key of a list of keys: what else is in the map goes.
pub(crate) const RETAIN_KEYS: &str = "$retainKeys";
/// Before the name of a list: values that go from it.
pub(crate) const DELETE_FROM_LIST: &str = "$deleteFromPrimitiveList/";

/// Carries out a patch of a configuration file's value: maps by key, the rest is replaced, `null` removes.
pub(crate) fn apply_patch(value: Value, patch: Value) -> Value {
    let Value::Object(patch) = patch else { return patch };
    let mut map = match (value, directive(&patch)) {
        (Value::Object(map), None | Some("merge")) => map,
        _ => Map::new(),
    };
    for (key, above) in patch.into_iter().filter(|(key, _)| key != DIRECTIVE) {
        let below = map.remove(&key).unwrap_or(Value::Null);
        if !above.is_null() && !is_deleted(&above) {
            map.insert(key, apply_patch(below, above));
        }
    }
    Value::Object(map)
}

/// A directive of a configuration file's patch that there isn't. In lists, which are replaced, there are none.
pub(crate) fn unknown_directive(patch: &Value) -> Option<&Value> {
    let map = patch.as_object()?;
    let own = map.get(DIRECTIVE).filter(|it| !["delete", "replace", "merge"].iter().any(|known| it == known));
    own.or_else(|| map.values().find_map(unknown_directive))
}

/// Puts the patch `over` on the patch `base`.
pub(super) fn lay(place: Place, base: Value, over: Value) -> Value {
    match (base, over, place.rule()) {
        (Value::Object(base), Value::Object(over), _) => patch_map(place, base, over),
        // A map over what is none starts anew: what is further below counts no more.
        (_, Value::Object(over), _) => Value::Object(anew(over)),
        (Value::Array(base), Value::Array(over), Some(PatchByKey(key))) if all_maps(&base) && all_maps(&over) => {
            patch_list(place, base, over, &[key])
        }
        (_, Value::Array(mut over), Some(PatchByKey(_))) => {
            if !over.iter().any(replaces_list) {
                over.insert(0, json!({ DIRECTIVE: "replace" }));
            }
            Value::Array(over)
        }
        (_, over, _) => over,
    }
}

fn patch_map(place: Place, mut base: Map<String, Value>, mut over: Map<String, Value>) -> Value {
    if directive(&over) == Some("merge") {
        over.remove(DIRECTIVE);
    }
    match (directive(&base), directive(&over)) {
        (_, Some("replace" | "delete")) => return Value::Object(over),
        (Some("delete"), _) => return Value::Object(anew(over)),
        _ => {}
    }
    if let Some(Value::Array(kept)) = over.get(RETAIN_KEYS) {
        base.retain(|key, _| key.starts_with('$') || kept.iter().any(|it| it == key));
    }
    for (key, gone) in &over {
        let list = key.strip_prefix(DELETE_FROM_LIST).and_then(|list| base.get_mut(list));
        if let (Some(Value::Array(items)), Value::Array(gone)) = (list, gone) {
            items.retain(|item| !gone.contains(item));
        }
    }
    by_key(base, over, |key, below, above| match (below, above) {
        (Value::Array(mut kept), Value::Array(above)) if key == RETAIN_KEYS => {
            kept.retain(|key| above.contains(key));
            kept.into()
        }
        (Value::Array(gone), Value::Array(above)) if key.starts_with(DELETE_FROM_LIST) => {
            gone.into_iter().chain(above).collect()
        }
        (below, above) => lay(place.field(key), below, above),
    })
}

/// Deletions come first, and stay: they are also about what the patch is laid over.
fn patch_list(place: Place, base: Vec<Value>, over: Vec<Value>, keys: &[&str]) -> Value {
    if over.iter().any(replaces_list) {
        return Value::Array(over);
    }
    let (mut deleted, mut merged): (Vec<_>, Vec<_>) =
        base.into_iter().partition(|item| is_deleted(item) || replaces_list(item));
    let (deletions, items): (Vec<_>, Vec<_>) = over.into_iter().partition(is_deleted);
    for deletion in deletions {
        merged.retain(|below| !same(below, &deletion, keys));
        if !deleted.iter().any(|known| same(known, &deletion, keys)) {
            deleted.push(deletion);
        }
    }
    for above in items {
        match merged.iter_mut().find(|below| same(below, &above, keys)) {
            Some(below) => *below = lay(place, below.take(), above),
            None => merged.push(above),
        }
    }
    deleted.append(&mut merged);
    Value::Array(deleted)
}

fn anew(mut map: Map<String, Value>) -> Map<String, Value> {
    if directive(&map) != Some("delete") {
        map.insert(DIRECTIVE.to_owned(), "replace".into());
    }
    map
}

fn directive(map: &Map<String, Value>) -> Option<&str> {
    map.get(DIRECTIVE).and_then(Value::as_str)
}

fn is_deleted(value: &Value) -> bool {
    value.as_object().and_then(directive) == Some("delete")
}

/// In an item, the directive is about its list, whatever else the item says.
fn replaces_list(item: &Value) -> bool {
    item.as_object().and_then(directive) == Some("replace")
}
