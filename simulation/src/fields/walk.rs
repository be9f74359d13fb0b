//! Field sets of values, and what two values differ in.

use std::collections::BTreeMap;

use serde_json::{Map, Value};

use super::{
    FieldSet, Rule,
    place::{Place, element},
};

/// The fields that an object sets. Source: `typed/tofieldset.go`.
pub fn field_set(value: &Value, place: &Place<'_>) -> FieldSet {
    let mut set = FieldSet::default();
    match (value, place.rule()) {
        (Value::Object(map), rule) if rule != Some(Rule::Atomic) => {
            for (name, value) in map {
                let mut below = field_set(value, &place.field(name));
                let nothing = value.is_null() || value.as_object().is_some_and(Map::is_empty);
                below.member |= nothing || rule == Some(Rule::Map);
                if !below.is_empty() {
                    set.below.insert(format!("f:{name}"), below);
                }
            }
        }
        (Value::Array(items), Some(rule @ (Rule::Keys(_) | Rule::Set))) => {
            for (key, items) in by_element(items, rule) {
                let mut below = match items.as_slice() {
                    [item] => field_set(item, &place.item()),
                    _ => FieldSet::default(),
                };
                below.member = true;
                set.below.insert(key, below);
            }
        }
        (Value::Null, Some(Rule::Keys(_) | Rule::Set)) => {}
        _ => set.member = true,
    }
    set
}

/// List items by their path elements. More than one under an element are duplicates.
pub fn by_element(items: &[Value], rule: Rule) -> BTreeMap<String, Vec<&Value>> {
    let mut found: BTreeMap<String, Vec<&Value>> = BTreeMap::new();
    for item in items {
        found.entry(element(rule, item)).or_default().push(item);
    }
    found
}

/// The first list item that an object sets twice.
pub fn duplicate(value: &Value, place: &Place<'_>) -> Option<String> {
    match (value, place.rule()) {
        (_, Some(Rule::Atomic)) => None,
        (Value::Object(map), _) => map
            .iter()
            .find_map(|(name, value)| duplicate(value, &place.field(name)).map(|rest| format!(".{name}{rest}"))),
        (Value::Array(items), Some(rule @ (Rule::Keys(_) | Rule::Set))) => by_element(items, rule)
            .into_iter()
            .find(|(_, items)| items.len() > 1)
            .map(|(key, _)| format!(": duplicate entries for key {}", key.get(2..).unwrap_or_default()))
            .or_else(|| items.iter().find_map(|item| duplicate(item, &place.item()))),
        _ => None,
    }
}

/// What two values differ in. Source: `typed/compare.go`.
#[derive(Debug, Default)]
pub struct Difference {
    /// Fields that only the new value has.
    pub added: FieldSet,
    /// Fields that both have with different values.
    pub modified: FieldSet,
    /// Fields that only the old value has.
    pub removed: FieldSet,
}

impl Difference {
    /// What `new` differs in from `old`, the fields in `ignored` and what is below them aside.
    pub fn between(old: &Value, new: &Value, place: &Place<'_>, ignored: &FieldSet) -> Self {
        let mut found = Self::default();
        found.compare(Some(old), Some(new), place, &mut Vec::new());
        Self {
            added: found.added.without(ignored),
            modified: found.modified.without(ignored),
            removed: found.removed.without(ignored),
        }
    }

    /// Fields that are new or have a new value.
    pub fn changed(&self) -> FieldSet {
        self.added.clone().union(&self.modified)
    }

    fn compare(&mut self, old: Option<&Value>, new: Option<&Value>, place: &Place<'_>, path: &mut Vec<String>) {
        let empty = Value::Object(Map::new());
        let always = place.is_always_there();
        let old = old.or(always.then_some(&empty));
        let new = new.or(always.then_some(&empty));
        match (children(old, place), children(new, place)) {
            (Some(before), Some(after)) if !(before.is_empty() && after.is_empty()) => {
                let keys: std::collections::BTreeSet<_> = before.keys().chain(after.keys()).collect();
                for key in keys {
                    path.push(key.clone());
                    self.compare_items(before.get(key), after.get(key), &place.element(key), path);
                    path.pop();
                }
                match (old, new) {
                    (None, _) => self.added.insert(path),
                    (_, None) => self.removed.insert(path),
                    _ => {}
                }
            }
            _ => match (old, new) {
                (None, _) => self.added.insert(path),
                (_, None) => self.removed.insert(path),
                (old, new) if old != new => self.modified.insert(path),
                _ => {}
            },
        }
    }

    /// Items of equal keys count as one field.
    fn compare_items(
        &mut self,
        old: Option<&Vec<&Value>>,
        new: Option<&Vec<&Value>>,
        place: &Place<'_>,
        path: &mut Vec<String>,
    ) {
        let items = |items: Option<&Vec<&Value>>| items.map_or(0, Vec::len);
        let first = |items: Option<&Vec<&Value>>| items.and_then(|items| items.first().copied()).cloned();
        match (items(old), items(new)) {
            (0 | 1, 0 | 1) => self.compare(first(old).as_ref(), first(new).as_ref(), place, path),
            (0 | 1, _) => {
                if let Some(old) = first(old) {
                    self.compare(Some(&old), None, place, path);
                }
                self.added.insert(path);
            }
            (_, 0 | 1) => {
                if let Some(new) = first(new) {
                    self.compare(None, Some(&new), place, path);
                }
                self.removed.insert(path);
            }
            _ if old != new => self.modified.insert(path),
            _ => {}
        }
    }
}

/// What a value is made of, by path element; `None` where it is one field as a whole. What is missing may be anything.
fn children<'v>(value: Option<&'v Value>, place: &Place<'_>) -> Option<BTreeMap<String, Vec<&'v Value>>> {
    match (value, place.rule()) {
        (_, Some(Rule::Atomic)) => None,
        (None, _) => Some(BTreeMap::new()),
        (Some(Value::Object(map)), _) => {
            Some(map.iter().map(|(name, value)| (format!("f:{name}"), vec![value])).collect())
        }
        (Some(Value::Array(items)), Some(rule @ (Rule::Keys(_) | Rule::Set))) => Some(by_element(items, rule)),
        _ => None,
    }
}
