//! One layer of settings over another: the one place that says how.
//!
//! Precedence, later wins: the attributes, the cluster's image, the cluster's defaults, the node's config group, the node itself; see
//! [`effective`](super::effective()). Maps merge by key, lists and single values are replaced, and nothing (`null`) says nothing; what merges
//! in another way stands in [`RULES`].
//!
//! Within `podOverrides` and `configOverrides`, `null` is a value: it removes what is below. What comes after it starts anew, which is
//! written as in a strategic merge patch: `$patch: replace`. So the order in which layers are put together doesn't matter.

use serde_json::{Map, Value, json};

/// The key of a directive in a patch; source: Kubernetes' strategic merge patch.
pub(crate) const DIRECTIVE: &str = "$patch";

/// How the values at a path are merged.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Rule {
    /// A list whose items are told apart by these fields: an item takes the place of the lower one, new ones are appended.
    ByKey(&'static [&'static str]),
    /// One of several: the higher value takes the place of the lower one.
    Whole,
    /// A patch: maps merge by key, `null` removes.
    Patch,
    /// A list in a patch whose items are told apart by this field: they are merged.
    PatchByKey(&'static [&'static str]),
}

use Rule::{ByKey, Patch, PatchByKey, Whole};

/// What doesn't merge as said above, by path from a node's settings. Keys of lists in `podOverrides` are the `patchMergeKey`s of
/// Kubernetes' types.
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
    (&["configOverrides"], Patch),
    (&["podOverrides"], Patch),
    (&["podOverrides", "spec", "containers"], PatchByKey(&["name"])),
    (&["podOverrides", "spec", "containers", "env"], PatchByKey(&["name"])),
    (&["podOverrides", "spec", "containers", "ports"], PatchByKey(&["containerPort"])),
    (&["podOverrides", "spec", "containers", "volumeMounts"], PatchByKey(&["mountPath"])),
    (&["podOverrides", "spec", "containers", "volumeDevices"], PatchByKey(&["devicePath"])),
    (&["podOverrides", "spec", "initContainers"], PatchByKey(&["name"])),
    (&["podOverrides", "spec", "initContainers", "env"], PatchByKey(&["name"])),
    (&["podOverrides", "spec", "initContainers", "ports"], PatchByKey(&["containerPort"])),
    (&["podOverrides", "spec", "initContainers", "volumeMounts"], PatchByKey(&["mountPath"])),
    (&["podOverrides", "spec", "initContainers", "volumeDevices"], PatchByKey(&["devicePath"])),
    (&["podOverrides", "spec", "volumes"], PatchByKey(&["name"])),
    (&["podOverrides", "spec", "imagePullSecrets"], PatchByKey(&["name"])),
    (&["podOverrides", "spec", "hostAliases"], PatchByKey(&["ip"])),
    (&["podOverrides", "spec", "topologySpreadConstraints"], PatchByKey(&["topologyKey"])),
    (&["podOverrides", "spec", "schedulingGates"], PatchByKey(&["name"])),
    (&["podOverrides", "spec", "resourceClaims"], PatchByKey(&["name"])),
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

/// Carries out a patch of a configuration file's value: maps by key, the rest is replaced, `null` removes.
pub(crate) fn apply_patch(value: Value, patch: Value) -> Value {
    let Value::Object(patch) = patch else { return patch };
    let mut map = match (value, directive(&patch)) {
        (Value::Object(map), None) => map,
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

fn merge_at(place: Place, base: Value, over: Value) -> Value {
    match (base, over, place.rule()) {
        (base, Value::Null, _) => base,
        (Value::Null, over, _) => over,
        (base, over, Some(Patch)) => patch_at(place, base, over),
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

fn patch_at(place: Place, base: Value, over: Value) -> Value {
    match (base, over, place.rule()) {
        (Value::Object(base), Value::Object(over), _) => patch_map(place, base, over),
        // A map over what is none starts anew: what is further below counts no more.
        (_, Value::Object(over), _) => Value::Object(anew(over)),
        (Value::Array(base), Value::Array(over), Some(PatchByKey(keys))) if all_maps(&base) && all_maps(&over) => {
            patch_list(place, base, over, keys)
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

fn patch_map(place: Place, base: Map<String, Value>, over: Map<String, Value>) -> Value {
    match (directive(&base), directive(&over)) {
        (_, Some("replace" | "delete")) => Value::Object(over),
        (Some("delete"), _) => Value::Object(anew(over)),
        _ => by_key(base, over, |key, below, above| patch_at(place.field(key), below, above)),
    }
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
            Some(below) => *below = patch_at(place, below.take(), above),
            None => merged.push(above),
        }
    }
    deleted.append(&mut merged);
    Value::Array(deleted)
}

fn anew(mut map: Map<String, Value>) -> Map<String, Value> {
    map.entry(DIRECTIVE).or_insert_with(|| "replace".into());
    map
}

fn directive(map: &Map<String, Value>) -> Option<&str> {
    map.get(DIRECTIVE).and_then(Value::as_str)
}

fn is_deleted(value: &Value) -> bool {
    value.as_object().and_then(directive) == Some("delete")
}

/// An item that is nothing but the directive is about its list.
fn replaces_list(item: &Value) -> bool {
    item.as_object().is_some_and(|item| item.len() == 1 && directive(item) == Some("replace"))
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
mod tests {
    use super::*;

    #[test]
    fn the_higher_layer_wins_key_by_key() {
        let base = json!({
            "image": "a", "podLabels": { "x": "1", "y": "2" }, "args": ["1", "2"],
            "env": [{ "name": "A", "value": "1" }, { "name": "B" }],
        });
        let over = json!({
            "image": null, "podLabels": { "y": "3" }, "args": ["3"],
            "env": [{ "name": "C" }, { "name": "A", "valueFrom": {} }],
        });
        assert_eq!(
            merge(base, over),
            json!({
                "image": "a", "podLabels": { "x": "1", "y": "3" }, "args": ["3"],
                "env": [{ "name": "A", "valueFrom": {} }, { "name": "B" }, { "name": "C" }],
            })
        );
    }

    #[test]
    fn lists_have_keys_of_their_own() {
        let base = json!({
            "tolerations": [{ "key": "a", "operator": "Exists" }, { "key": "a", "operator": "Exists", "effect": "NoSchedule" }],
            "volumeMounts": [{ "mountPath": "/a", "name": "x" }],
            "service": { "ports": [{ "name": "a", "port": 1 }] },
            "dnsConfig": { "options": [{ "name": "ndots", "value": "1" }] },
        });
        let over = json!({
            "tolerations": [{ "key": "a", "operator": "Exists", "tolerationSeconds": 5 }],
            "volumeMounts": [{ "mountPath": "/a", "name": "y" }, { "mountPath": "/b", "name": "x" }],
            "service": { "ports": [{ "name": "b", "port": 2 }] },
            "dnsConfig": { "options": [{ "name": "timeout" }] },
        });
        assert_eq!(
            merge(base, over),
            json!({
                "tolerations": [
                    { "key": "a", "operator": "Exists", "tolerationSeconds": 5 },
                    { "key": "a", "operator": "Exists", "effect": "NoSchedule" },
                ],
                "volumeMounts": [{ "mountPath": "/a", "name": "y" }, { "mountPath": "/b", "name": "x" }],
                "service": { "ports": [{ "name": "a", "port": 1 }, { "name": "b", "port": 2 }] },
                "dnsConfig": { "options": [{ "name": "timeout" }] },
            })
        );
    }

    #[test]
    fn tolerations_of_one_layer_that_differ_in_their_value_both_stay() {
        let two = json!({ "tolerations": [
            { "key": "team", "operator": "Equal", "value": "a" }, { "key": "team", "operator": "Equal", "value": "b" },
        ] });
        assert_eq!(merge(json!({}), two.clone()), two);
        let one = json!({ "tolerations": [{ "key": "team", "operator": "Equal", "value": "c" }] });
        assert_eq!(merge(two.clone(), one.clone()), one);
        assert_eq!(merge(one, two.clone()), two);
    }

    #[test]
    fn one_of_several_is_replaced_as_a_whole() {
        let base = json!({
            "readinessProbe": { "httpGet": { "port": 1 } },
            "updateStrategy": { "type": "RollingUpdate", "partition": 1 },
            "securityContext": { "runAsUser": 1, "seccompProfile": { "type": "Localhost", "localhostProfile": "p" } },
        });
        let over = json!({
            "readinessProbe": { "exec": {} }, "updateStrategy": { "type": "OnDelete" },
            "securityContext": { "seccompProfile": { "type": "RuntimeDefault" } },
        });
        assert_eq!(
            merge(base, over),
            json!({
                "readinessProbe": { "exec": {} }, "updateStrategy": { "type": "OnDelete" },
                "securityContext": { "runAsUser": 1, "seccompProfile": { "type": "RuntimeDefault" } },
            })
        );
    }

    #[test]
    fn pod_overrides_merge_deeply_and_null_is_a_value_there() {
        let base = json!({ "podOverrides": { "spec": {
            "hostNetwork": true,
            "containers": [{ "name": "a", "tty": true, "env": [{ "name": "X", "value": "1" }], "command": ["a"] }],
        } } });
        let over = json!({ "podOverrides": { "spec": {
            "hostNetwork": null,
            "containers": [{ "name": "a", "env": [{ "name": "X", "value": null }], "command": ["b"] }, { "name": "b" }],
        } } });
        assert_eq!(
            merge(base, over),
            json!({ "podOverrides": { "spec": {
                "hostNetwork": null,
                "containers": [
                    { "name": "a", "tty": true, "env": [{ "name": "X", "value": null }], "command": ["b"] }, { "name": "b" },
                ],
            } } })
        );
    }

    #[test]
    fn what_comes_after_a_removal_starts_anew() {
        let layers = [
            json!({ "configOverrides": { "f": { "a": { "x": 1 } } } }),
            json!({ "configOverrides": { "f": { "a": null } } }),
            json!({ "configOverrides": { "f": { "a": { "y": 2 } } } }),
        ];
        let merged = layers.into_iter().fold(json!({}), merge);
        assert_eq!(merged, json!({ "configOverrides": { "f": { "a": { "y": 2, "$patch": "replace" } } } }));
        let patch = merged["configOverrides"]["f"].clone();
        assert_eq!(apply_patch(json!({ "a": { "z": 3 }, "b": 1 }), patch), json!({ "a": { "y": 2 }, "b": 1 }));
    }

    #[test]
    fn a_patch_removes_and_leaves_no_trace() {
        let value = json!({ "a": 1, "b": { "c": 2, "d": [1] }, "e": {}, "null": null });
        let patch =
            json!({ "a": null, "b": { "d": [2], "n": null }, "e": { "$patch": "delete" }, "new": { "x": null } });
        assert_eq!(apply_patch(value, patch), json!({ "b": { "c": 2, "d": [2] }, "new": {}, "null": null }));
    }
}
