//! Merging of an applied object into the stored one, and removal of fields.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::{Map, Value};

use super::{
    FieldSet, Rule,
    place::{Place, element},
};

/// `live` with everything that `config` sets. Source: `typed/merge.go`.
pub fn merged(live: Option<&Value>, config: Option<&Value>, place: &Place<'_>) -> Value {
    let (Some(live), Some(config)) = (live, config) else {
        return config.or(live).cloned().unwrap_or_default();
    };
    match (live, config, place.rule()) {
        (_, _, Some(Rule::Atomic)) => config.clone(),
        (Value::Object(old), Value::Object(new), _) => {
            let keys: BTreeSet<_> = old.keys().chain(new.keys()).collect();
            let value = |key: &String| merged(old.get(key), new.get(key), &place.field(key));
            Value::Object(keys.into_iter().map(|key| (key.clone(), value(key))).collect())
        }
        (Value::Array(old), Value::Array(new), Some(rule @ (Rule::Keys(_) | Rule::Set))) => {
            merged_list(old, new, rule, place)
        }
        _ => config.clone(),
    }
}

/// Items in the order of the new list, those that only the old list has kept where they stood between them.
fn merged_list(old: &[Value], new: &[Value], rule: Rule, place: &Place<'_>) -> Value {
    let old: Vec<(String, &Value)> = old.iter().map(|item| (element(rule, item), item)).collect();
    let new: Vec<(String, &Value)> = new.iter().map(|item| (element(rule, item), item)).collect();
    let find = |list: &[(String, &Value)], key: &str| {
        list.iter().find(|(other, _)| other == key).map(|(_, item)| *item).cloned()
    };
    let mut shared = new.iter().map(|(key, _)| key).filter(|key| old.iter().any(|(other, _)| other == *key)).peekable();
    let (mut left, mut right) = (old.iter().peekable(), new.iter().peekable());
    let mut done: BTreeSet<&String> = BTreeSet::new();
    let mut out = Vec::new();
    while left.peek().is_some() || right.peek().is_some() {
        if let (Some((key, item)), Some((wanted, config))) = (left.peek(), right.peek()) {
            if key == wanted {
                done.insert(key);
                out.push(merged(Some(item), Some(config), &place.item()));
                left.next();
                right.next();
                shared.next();
                continue;
            }
            // It has its turn later, or was there already.
            if find(&new, key).is_some() && shared.peek().is_some_and(|next| *next != key) {
                left.next();
                continue;
            }
        }
        if let Some((key, item)) = left.peek() {
            if find(&new, key).is_none() {
                out.push((*item).clone());
                left.next();
                continue;
            }
            if done.contains(key) {
                left.next();
            }
        }
        if let Some((key, config)) = right.next() {
            done.insert(key);
            out.push(merged(find(&old, key).as_ref(), Some(config), &place.item()));
            if shared.peek().is_some_and(|next| *next == key) {
                shared.next();
            }
        }
    }
    Value::Array(out)
}

/// The value without the fields of a set; `Null` where nothing is left. Source: `typed/remove.go`.
pub fn removed(value: &Value, set: &FieldSet, place: &Place<'_>) -> Value {
    let below = |key: &str| set.below.get(key);
    match (value, place.rule()) {
        (Value::Object(map), rule) if rule != Some(Rule::Atomic) => {
            let kept: Map<String, Value> = map
                .iter()
                .filter_map(|(name, value)| match below(&format!("f:{name}")) {
                    None => Some((name.clone(), value.clone())),
                    Some(set) if set.member => None,
                    Some(set) => Some((name.clone(), removed(value, set, &place.field(name)))),
                })
                .collect();
            if kept.is_empty() { Value::Null } else { Value::Object(kept) }
        }
        (Value::Array(items), Some(rule @ (Rule::Keys(_) | Rule::Set))) => {
            let kept: Vec<Value> = items
                .iter()
                .filter_map(|item| match below(&element(rule, item)) {
                    None => Some(item.clone()),
                    Some(set) if set.member => None,
                    Some(set) => Some(removed(item, set, &place.item())),
                })
                .collect();
            if kept.is_empty() { Value::Null } else { Value::Array(kept) }
        }
        (Value::Object(_) | Value::Array(_), _) => Value::Null,
        (leaf, _) => leaf.clone(),
    }
}

/// The set, with structures that have a field in it added. Source: `Set.EnsureNamedFieldsAreMembers`.
pub fn with_structures(set: &FieldSet, place: &Place<'_>) -> FieldSet {
    let structure = place.rule() != Some(Rule::Map);
    let below: BTreeMap<String, FieldSet> = set
        .below
        .iter()
        .map(|(key, below)| {
            let mut found = with_structures(below, &place.element(key));
            found.member |= structure && key.starts_with("f:") && !below.below.is_empty();
            (key.clone(), found)
        })
        .collect();
    FieldSet { member: set.member, below }
}
