//! Patches: the common part of `podOverrides` and `configOverrides`.
//!
//! Source: Kubernetes' strategic merge patch. A map that is deleted is gone, though: the API server would leave an empty one.

use serde_json::{Map, Value};

/// The key of a directive: `delete`, `replace` or `merge`.
pub(crate) const DIRECTIVE: &str = "$patch";
/// Key of a list of keys: all others are removed from the map.
pub(crate) const RETAIN_KEYS: &str = "$retainKeys";
/// Prefix of a list's name: values that are removed from the list.
pub(crate) const DELETE_FROM_LIST: &str = "$deleteFromPrimitiveList/";

/// Lists of a pod template whose items a patch merges, with the field that identifies an item: the `patchMergeKey`s of Kubernetes' types.
const MERGE_KEYS: &[(&str, &str)] = &[
    ("spec.containers", "name"),
    ("spec.containers.env", "name"),
    ("spec.containers.ports", "containerPort"),
    ("spec.containers.volumeMounts", "mountPath"),
    ("spec.containers.volumeDevices", "devicePath"),
    ("spec.initContainers", "name"),
    ("spec.initContainers.env", "name"),
    ("spec.initContainers.ports", "containerPort"),
    ("spec.initContainers.volumeMounts", "mountPath"),
    ("spec.initContainers.volumeDevices", "devicePath"),
    ("spec.volumes", "name"),
    ("spec.imagePullSecrets", "name"),
    ("spec.hostAliases", "ip"),
    ("spec.topologySpreadConstraints", "topologyKey"),
    ("spec.schedulingGates", "name"),
    ("spec.resourceClaims", "name"),
];

/// The field by which a patch merges the items of the list at `path` of a pod template, such as `spec.containers.env`; none: it replaces the list.
pub(crate) fn merge_key(path: &str) -> Option<&'static str> {
    MERGE_KEYS.iter().find(|(list, _)| *list == path).map(|(_, key)| *key)
}

/// Applies a patch to a configuration file's value: maps by key, the rest is replaced, `null` removes.
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

/// The first unknown directive in a configuration file's patch. Lists are replaced, and so have none.
pub(crate) fn unknown_directive(patch: &Value) -> Option<&Value> {
    let map = patch.as_object()?;
    let own = map.get(DIRECTIVE).filter(|it| !["delete", "replace", "merge"].iter().any(|known| it == known));
    own.or_else(|| map.values().find_map(unknown_directive))
}

/// The directive of a map: `delete`, `replace` or `merge`.
pub(crate) fn directive(map: &Map<String, Value>) -> Option<&str> {
    map.get(DIRECTIVE).and_then(Value::as_str)
}

fn is_deleted(value: &Value) -> bool {
    value.as_object().and_then(directive) == Some("delete")
}
