//! How a layer of settings is merged with the layers below it.
//!
//! Precedence, later wins: the attributes, the cluster's image, the cluster's defaults, the node's config group, the node itself; see
//! [`resolve`](super::resolve()). Maps merge by key, lists and single values are replaced, and `null` leaves the lower value. A field that
//! merges in another way says so where it is declared, with a [`Rule`].
//!
//! `podOverrides` and `configOverrides` are patches. They aren't merged: each layer's patch is applied to what the lower ones have left.

pub(crate) mod patch;

use serde_json::Value;

use super::SETTINGS;

/// How a higher layer's value is merged with a lower one's.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Rule {
    /// Maps merge by key; lists and single values are replaced.
    Usual,
    /// As usual, but for these fields.
    Fields(&'static [(&'static str, Self)]),
    /// A list whose items are identified by these fields: an item replaces the lower layer's item, new ones are appended.
    ByKey(&'static [&'static str]),
    /// The higher value replaces the lower one.
    Whole,
    /// The settings of a node: each has a rule of its own.
    Settings,
}

use Rule::{ByKey, Fields, Settings, Usual};

impl Rule {
    /// Of a field of a map that has this rule.
    pub(crate) fn field(self, name: &str) -> Self {
        let rule = match self {
            Settings => SETTINGS.iter().find(|setting| setting.name == name).map(|setting| setting.merge),
            Fields(fields) => fields.iter().find(|(field, _)| *field == name).map(|(_, rule)| *rule),
            _ => None,
        };
        rule.unwrap_or(Usual)
    }
}

/// Merges `over` into `base`, both settings of a node.
pub fn merge(base: Value, over: Value) -> Value {
    merge_by(Settings, base, over)
}

/// Merges two values of one setting.
pub(crate) fn merge_setting(name: &str, base: Value, over: Value) -> Value {
    merge_by(Settings.field(name), base, over)
}

/// Merges two values of a configuration file: maps by key, the rest is replaced, `null` leaves the lower value.
pub(crate) fn merge_values(base: Value, over: Value) -> Value {
    merge_by(Usual, base, over)
}

fn merge_by(rule: Rule, base: Value, over: Value) -> Value {
    match (base, over, rule) {
        (base, Value::Null, _) => base,
        (Value::Null, over, _) => over,
        (Value::Array(base), Value::Array(over), ByKey(keys)) if all_maps(&base) && all_maps(&over) => {
            replace_by_key(base, over, keys)
        }
        (Value::Object(mut base), Value::Object(over), Usual | Fields(_) | Settings) => {
            for (key, above) in over {
                let merged = match base.remove(&key) {
                    Some(below) => merge_by(rule.field(&key), below, above),
                    None => above,
                };
                base.insert(key, merged);
            }
            Value::Object(base)
        }
        (_, over, _) => over,
    }
}

/// Items are replaced as a whole: an `env` entry with `valueFrom` must not keep the lower one's `value`. Several items of a layer with the
/// same key (tolerations of two values) stay together.
fn replace_by_key(base: Vec<Value>, mut over: Vec<Value>, keys: &[&str]) -> Value {
    let (mut merged, mut replaced) = (Vec::new(), Vec::new());
    for below in base {
        let (above, others) = over.into_iter().partition::<Vec<_>, _>(|item| same(item, &below, keys));
        over = others;
        if !above.is_empty() {
            merged.extend(above);
            replaced.push(below);
        } else if !replaced.iter().any(|item| same(item, &below, keys)) {
            merged.push(below);
        }
    }
    merged.extend(over);
    Value::Array(merged)
}

fn all_maps(list: &[Value]) -> bool {
    list.iter().all(Value::is_object)
}

/// Whether the two items have the same key.
fn same(one: &Value, other: &Value, keys: &[&str]) -> bool {
    let field = |item: &'_ Value, key: &str| item.get(key).filter(|value| !value.is_null()).cloned();
    keys.iter().all(|key| field(one, key) == field(other, key))
}

#[cfg(test)]
pub(crate) mod tests;
