//! One layer of settings over another: the one place that says how.
//!
//! Precedence, later wins: the attributes, the cluster's image, the cluster's defaults, the node's config group, the node itself; see
//! [`effective`](super::effective()). Maps merge by key, lists and single values are replaced, and `null` leaves the lower value; what merges
//! in another way stands in [`RULES`].
//!
//! `podOverrides` and `configOverrides` are patches. They aren't merged: each layer's patch is applied to what the lower ones have left.

pub(crate) mod patch;

use serde_json::{Map, Value};

/// How the values at a path are merged.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Rule {
    /// A list whose items are told apart by these fields: an item takes the place of the lower one, new ones are appended.
    ByKey(&'static [&'static str]),
    /// One of several: the higher value takes the place of the lower one.
    Whole,
}

use Rule::{ByKey, Whole};

/// What doesn't merge as said above, by path from a node's settings.
const RULES: &[(&[&str], Rule)] = &[
    (&["env"], ByKey(&["name"])),
    (&["ports"], ByKey(&["name"])),
    (&["volumes"], ByKey(&["name"])),
    (&["volumeMounts"], ByKey(&["mountPath"])),
    (&["imagePullSecrets"], ByKey(&["name"])),
    (&["tolerations"], ByKey(&["key", "operator", "effect"])),
    (&["topologySpreadConstraints"], ByKey(&["topologyKey", "whenUnsatisfiable"])),
    (&["schedulingGates"], ByKey(&["name"])),
    (&["hostAliases"], ByKey(&["ip"])),
    (&["initContainers"], ByKey(&["name"])),
    (&["sidecars"], ByKey(&["name"])),
    (&["service", "ports"], ByKey(&["name"])),
    (&["readinessProbe"], Whole),
    (&["livenessProbe"], Whole),
    (&["startupProbe"], Whole),
    (&["lifecycle"], Whole),
    (&["updateStrategy"], Whole),
    // maxUnavailable or minAvailable: with both merged, a node could never choose the other.
    (&["disruptionBudget"], Whole),
    (&["securityContext", "seccompProfile"], Whole),
    (&["securityContext", "appArmorProfile"], Whole),
    (&["podSecurityContext", "seccompProfile"], Whole),
    (&["podSecurityContext", "appArmorProfile"], Whole),
];

/// Where a value stands in a node's settings: which rules are about it or something below it. Items of lists stand where their list does.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Place {
    depth: usize,
    /// A bit for each of [`RULES`].
    rules: u64,
}

const _: () = assert!(RULES.len() <= 64, "a place has a bit for each rule");

impl Place {
    /// The settings themselves.
    pub(crate) const ROOT: Self = Self { depth: 0, rules: u64::MAX };

    /// The value of `key` in a map here.
    pub(crate) fn field(self, key: &str) -> Self {
        if self.rules == 0 {
            return self;
        }
        let is_on_the_way = |(index, (path, _)): (usize, &(&[&str], Rule))| {
            let matches = self.has(index) && path.get(self.depth) == Some(&key);
            u64::from(matches) << index
        };
        let rules = RULES.iter().enumerate().map(is_on_the_way).sum();
        Self { depth: self.depth + 1, rules }
    }

    /// The rule of its own; none: the usual ones.
    pub(crate) fn rule(self) -> Option<Rule> {
        if self.rules == 0 {
            return None;
        }
        let ends_here = |(index, (path, _)): &(usize, &(&[&str], Rule))| self.has(*index) && path.len() == self.depth;
        RULES.iter().enumerate().find(ends_here).map(|(_, (_, rule))| *rule)
    }

    fn has(self, index: usize) -> bool {
        self.rules & (1 << index) != 0
    }
}

/// Puts `over` on `base`, both settings of a node.
pub fn merge(base: Value, over: Value) -> Value {
    merge_at(Place::ROOT, base, over)
}

/// Puts one value of a configuration file on another: maps by key, the rest is replaced, `null` says nothing.
pub(crate) fn merge_values(base: Value, over: Value) -> Value {
    match (base, over) {
        (base, Value::Null) => base,
        (Value::Object(base), Value::Object(over)) => by_key(base, over, |_, below, above| merge_values(below, above)),
        (_, over) => over,
    }
}

fn merge_at(place: Place, base: Value, over: Value) -> Value {
    match (base, over, place.rule()) {
        (base, Value::Null, _) => base,
        (Value::Null, over, _) => over,
        (Value::Array(base), Value::Array(over), Some(ByKey(keys))) if all_maps(&base) && all_maps(&over) => {
            replace_by_key(base, over, keys)
        }
        (Value::Object(base), Value::Object(over), None) => {
            by_key(base, over, |key, below, above| merge_at(place.field(key), below, above))
        }
        (_, over, _) => over,
    }
}

/// `merge` is only asked where both have the key.
fn by_key(
    mut base: Map<String, Value>,
    over: Map<String, Value>,
    merge: impl Fn(&str, Value, Value) -> Value,
) -> Value {
    for (key, above) in over {
        let merged = match base.remove(&key) {
            Some(below) => merge(&key, below, above),
            None => above,
        };
        base.insert(key, merged);
    }
    Value::Object(base)
}

/// An item isn't merged: an `env` entry with `valueFrom` must not keep the lower one's `value`. Where a layer has several of one key (as
/// tolerations of two values), they stay together.
fn replace_by_key(base: Vec<Value>, over: Vec<Value>, keys: &[&str]) -> Value {
    let mut over: Vec<Option<Value>> = over.into_iter().map(Some).collect();
    let mut merged = Vec::with_capacity(base.len() + over.len());
    let mut replaced: Vec<Value> = Vec::new();
    for below in base {
        if replaced.iter().any(|item| same(item, &below, keys)) {
            continue;
        }
        let above: Vec<Value> = over
            .iter_mut()
            .filter(|item| item.as_ref().is_some_and(|item| same(item, &below, keys)))
            .filter_map(Option::take)
            .collect();
        if above.is_empty() {
            merged.push(below);
        } else {
            merged.extend(above);
            replaced.push(below);
        }
    }
    merged.extend(over.into_iter().flatten());
    Value::Array(merged)
}

fn all_maps(list: &[Value]) -> bool {
    list.iter().all(Value::is_object)
}

/// Whether the two are items of one key.
fn same(one: &Value, other: &Value, keys: &[&str]) -> bool {
    let field = |item: &'_ Value, key: &str| item.get(key).filter(|value| !value.is_null()).cloned();
    keys.iter().all(|key| field(one, key) == field(other, key))
}

#[cfg(test)]
pub(crate) mod tests;
