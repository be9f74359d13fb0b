//! Patches: what `podOverrides` and `configOverrides` have in common.
//!
//! Source: Kubernetes' strategic merge patch. A map that is deleted is gone, though: the API server would leave an empty one.

use serde_json::{Map, Value};

/// The key of a directive: `delete`, `replace` or `merge`.
pub(crate) const DIRECTIVE: &str = "$patch";
/// The key of a list of keys: what else is in the map goes.
pub(crate) const RETAIN_KEYS: &str = "$retainKeys";
/// Before the name of a list: values that go from it.
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

/// The directive of a map: `delete`, `replace` or `merge`.
pub(crate) fn directive(map: &Map<String, Value>) -> Option<&str> {
    map.get(DIRECTIVE).and_then(Value::as_str)
}

fn is_deleted(value: &Value) -> bool {
    value.as_object().and_then(directive) == Some("delete")
}
