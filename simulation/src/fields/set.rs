//! Sets of field paths, as `managedFields` stores them.

use std::collections::BTreeMap;

use serde_json::{Map, Value};

/// A set of paths as a tree. Keys are path elements in their serialised form: `f:` a field, `k:` a list item by key, `v:` one by value.
///
/// Source: `fieldpath.Set` of structured-merge-diff, and its serialisation `FieldsV1`. Nodes that hold nothing are never kept.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct FieldSet {
    /// Whether the path that ends here is in the set.
    pub member: bool,
    /// What is in the set below it.
    pub below: BTreeMap<String, FieldSet>,
}

impl FieldSet {
    /// Reads `fieldsV1`.
    pub fn from_json(json: &Value) -> Self {
        Self { member: false, ..Self::node(json) }
    }

    fn node(json: &Value) -> Self {
        let Some(map) = json.as_object() else { return Self::default() };
        Self {
            member: map.is_empty() || map.contains_key("."),
            below: map
                .iter()
                .filter(|(key, _)| *key != ".")
                .map(|(key, json)| (key.clone(), Self::node(json)))
                .collect(),
        }
    }

    /// Writes `fieldsV1`.
    pub fn to_json(&self) -> Value {
        let mut map = Map::new();
        if self.member && !self.below.is_empty() {
            map.insert(".".to_owned(), Value::Object(Map::new()));
        }
        map.extend(self.below.iter().map(|(key, set)| (key.clone(), set.to_json())));
        Value::Object(map)
    }

    /// A set of the given paths of fields; each is separated by `/`.
    pub fn of_fields(paths: &[&str]) -> Self {
        let mut set = Self::default();
        for path in paths {
            set.insert(&path.split('/').map(|field| format!("f:{field}")).collect::<Vec<_>>());
        }
        set
    }

    /// Adds a path.
    pub fn insert(&mut self, path: &[String]) {
        match path.split_first() {
            None => self.member = true,
            Some((first, rest)) => self.below.entry(first.clone()).or_default().insert(rest),
        }
    }

    /// Whether nothing is in the set.
    pub fn is_empty(&self) -> bool {
        !self.member && self.below.is_empty()
    }

    /// What is in either set.
    pub fn union(mut self, other: &Self) -> Self {
        self.member |= other.member;
        for (key, theirs) in &other.below {
            let ours = self.below.remove(key).unwrap_or_default();
            self.below.insert(key.clone(), ours.union(theirs));
        }
        self
    }

    /// What is in this set and not in the other.
    pub fn difference(&self, other: &Self) -> Self {
        self.zip(other, |ours, theirs| ours && !theirs)
    }

    /// What is in both sets.
    pub fn intersection(&self, other: &Self) -> Self {
        self.zip(other, |ours, theirs| ours && theirs)
    }

    fn zip(&self, other: &Self, keep: fn(bool, bool) -> bool) -> Self {
        let nothing = Self::default();
        let below = self.below.iter().map(|(key, ours)| {
            let theirs = other.below.get(key).unwrap_or(&nothing);
            (key.clone(), ours.zip(theirs, keep))
        });
        Self { member: keep(self.member, other.member), below: below.filter(|(_, set)| !set.is_empty()).collect() }
    }

    /// The set without the other's paths and everything below them.
    pub fn without(&self, other: &Self) -> Self {
        let below = self.below.iter().filter_map(|(key, ours)| match other.below.get(key) {
            Some(theirs) if theirs.member => None,
            Some(theirs) => Some((key.clone(), ours.without(theirs))),
            None => Some((key.clone(), ours.clone())),
        });
        Self { member: self.member, below: below.filter(|(_, set)| !set.is_empty()).collect() }
    }

    /// All paths in the set as the API server shows them: `.spec.containers[name="a"].image`.
    pub fn paths(&self) -> Vec<String> {
        let mut paths = Vec::new();
        self.collect_paths("", &mut paths);
        paths
    }

    fn collect_paths(&self, prefix: &str, paths: &mut Vec<String>) {
        if self.member {
            paths.push(prefix.to_owned());
        }
        for (key, set) in &self.below {
            set.collect_paths(&format!("{prefix}{}", shown(key)), paths);
        }
    }
}

fn shown(element: &str) -> String {
    match element.split_once(':') {
        Some(("f", field)) => format!(".{field}"),
        Some(("k", key)) => {
            let keys: Map<String, Value> = serde_json::from_str(key).unwrap_or_default();
            let keys: BTreeMap<_, _> = keys.into_iter().collect();
            format!("[{}]", keys.iter().map(|(name, value)| format!("{name}={value}")).collect::<Vec<_>>().join(","))
        }
        Some((_, value)) => format!("[={value}]"),
        None => element.to_owned(),
    }
}
