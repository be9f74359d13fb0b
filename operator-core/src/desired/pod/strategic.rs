//! Strategic merge patch of a pod template, as the API server does it.
//!
//! Source: `k8s.io/apimachinery/pkg/util/strategicpatch`, and the `patchMergeKey` tags of `k8s.io/api/core/v1`.

use serde_json::{Map, Value};

/// Lists that are merged item by item, by their place in the template, and what names an item. Other lists are replaced.
const MERGE_KEYS: [(&str, &str); 17] = [
    ("spec.containers", "name"),
    ("spec.containers.env", "name"),
    ("spec.containers.ports", "containerPort"),
    ("spec.containers.volumeDevices", "devicePath"),
    ("spec.containers.volumeMounts", "mountPath"),
    ("spec.hostAliases", "ip"),
    ("spec.imagePullSecrets", "name"),
    ("spec.initContainers", "name"),
    ("spec.initContainers.env", "name"),
    ("spec.initContainers.ports", "containerPort"),
    ("spec.initContainers.volumeDevices", "devicePath"),
    ("spec.initContainers.volumeMounts", "mountPath"),
    ("spec.resourceClaims", "name"),
    ("spec.schedulingGates", "name"),
    ("spec.topologySpreadConstraints", "topologyKey"),
    ("spec.volumes", "name"),
    ("metadata.ownerReferences", "uid"),
];

const PATCH: &str = "$patch";
const RETAIN_KEYS: &str = "$retainKeys";
const ELEMENT_ORDER: &str = "$setElementOrder/";
const DELETE_FROM_LIST: &str = "$deleteFromPrimitiveList/";

/// A patch that can't be merged.
#[derive(Debug, PartialEq, Eq)]
pub struct Wrong {
    /// Where in the patch; empty: as a whole.
    pub at: String,
    /// What is wrong, and what to write instead.
    pub message: String,
}

/// Where the merge is.
#[derive(Clone, Default)]
struct Place {
    /// Names of fields: `spec.containers.env`.
    fields: String,
    /// For people: `spec.containers[broker].env`.
    shown: String,
}

impl Place {
    fn field(&self, name: &str) -> Self {
        let join = |path: &str| if path.is_empty() { name.to_owned() } else { format!("{path}.{name}") };
        Self { fields: join(&self.fields), shown: join(&self.shown) }
    }

    fn item(&self, name: &Value) -> Self {
        let name = name.as_str().map_or_else(|| name.to_string(), str::to_owned);
        Self { fields: self.fields.clone(), shown: format!("{}[{name}]", self.shown) }
    }

    fn merge_key(&self) -> Option<&'static str> {
        MERGE_KEYS.iter().find(|(fields, _)| *fields == self.fields).map(|(_, key)| *key)
    }

    fn wrong(&self, message: impl Into<String>) -> Wrong {
        Wrong { at: self.shown.clone(), message: message.into() }
    }
}

/// Lays `patch` over a pod template.
pub fn patch(template: &mut Value, patch: &Value) -> Result<(), Wrong> {
    let place = Place::default();
    match (template, patch) {
        (Value::Object(template), Value::Object(patch)) => merge_maps(template, patch, &place),
        _ => Err(place.wrong("must be a map")),
    }
}

fn merge_maps(base: &mut Map<String, Value>, patch: &Map<String, Value>, place: &Place) -> Result<(), Wrong> {
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
        if key == PATCH || key == RETAIN_KEYS || key.starts_with(ELEMENT_ORDER) {
            continue;
        }
        if let Some(list) = key.strip_prefix(DELETE_FROM_LIST) {
            let gone = value.as_array().ok_or_else(|| place.field(key).wrong("must be a list of values"))?;
            if let Some(Value::Array(items)) = base.get_mut(list) {
                items.retain(|item| !gone.contains(item));
            }
            continue;
        }
        let place = place.field(key);
        match (base.get_mut(key), value) {
            (_, Value::Null) => {
                base.remove(key);
            }
            (Some(Value::Object(base)), Value::Object(patch)) => merge_maps(base, patch, &place)?,
            (Some(Value::Object(_)), _) => return Err(place.wrong("must be a map, as it is in the pod template")),
            (Some(Value::Array(base)), Value::Array(patch)) if place.merge_key().is_some() => {
                merge_lists(base, patch, &place)?;
            }
            (Some(Value::Array(_)), value) if !value.is_array() => {
                return Err(place.wrong("must be a list, as it is in the pod template"));
            }
            (_, value) => {
                // A list that isn't there yet must be well formed, too.
                if let (Some(_), Value::Array(patch)) = (place.merge_key(), value) {
                    let mut items = Vec::new();
                    merge_lists(&mut items, patch, &place)?;
                    base.insert(key.clone(), items.into());
                } else if let Some(value) = cleaned(value) {
                    base.insert(key.clone(), value);
                }
            }
        }
    }
    Ok(())
}

fn merge_lists(base: &mut Vec<Value>, patch: &[Value], place: &Place) -> Result<(), Wrong> {
    let key = place.merge_key().unwrap_or("name");
    if patch.iter().any(|item| item.get(PATCH).and_then(Value::as_str) == Some("replace")) {
        *base = patch.iter().filter(|item| item.get(PATCH).is_none()).filter_map(cleaned).collect();
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

fn directive<'a>(patch: &'a Map<String, Value>, place: &Place) -> Result<Option<&'a str>, Wrong> {
    let Some(directive) = patch.get(PATCH) else { return Ok(None) };
    match directive.as_str() {
        Some(known @ ("delete" | "replace" | "merge")) => Ok(Some(known)),
        _ => Err(place.field(PATCH).wrong("must be delete, replace or merge")),
    }
}

/// Without directives and `null`, which mean nothing where there is nothing yet. None: it is to be deleted.
fn cleaned(value: &Value) -> Option<Value> {
    match value {
        Value::Object(map) if map.get(PATCH).and_then(Value::as_str) == Some("delete") => None,
        Value::Object(map) => Some(Value::Object(cleaned_map(map))),
        Value::Array(items) => Some(items.iter().filter_map(cleaned).collect()),
        Value::Null => None,
        value => Some(value.clone()),
    }
}

fn cleaned_map(map: &Map<String, Value>) -> Map<String, Value> {
    let is_directive = |key: &str| {
        key == PATCH || key == RETAIN_KEYS || [ELEMENT_ORDER, DELETE_FROM_LIST].iter().any(|it| key.starts_with(it))
    };
    map.iter()
        .filter(|(key, _)| !is_directive(key))
        .filter_map(|(key, value)| Some((key.clone(), cleaned(value)?)))
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn patched(mut template: Value, over: Value) -> Value {
        patch(&mut template, &over).unwrap();
        template
    }

    fn refused(over: Value) -> (String, String) {
        let mut template =
            json!({ "metadata": { "labels": { "a": "1" } }, "spec": { "containers": [{ "name": "a" }] } });
        let Wrong { at, message } = patch(&mut template, &over).unwrap_err();
        (at, message)
    }

    #[test]
    fn lists_are_merged_by_the_keys_of_their_types() {
        let lists = [
            ("containers", "name", json!("a")),
            ("initContainers", "name", json!("a")),
            ("volumes", "name", json!("a")),
            ("imagePullSecrets", "name", json!("a")),
            ("schedulingGates", "name", json!("a")),
            ("resourceClaims", "name", json!("a")),
            ("hostAliases", "ip", json!("10.0.0.1")),
            ("topologySpreadConstraints", "topologyKey", json!("zone")),
        ];
        for (list, key, name) in lists {
            let base = json!({ "spec": { list: [{ key: name, "x": 1, "y": 1 }, { key: "other" }] } });
            let over = json!({ "spec": { list: [{ key: name, "y": 2 }, { key: "new", "z": null }] } });
            let merged = json!([{ key: name, "x": 1, "y": 2 }, { key: "other" }, { key: "new" }]);
            assert_eq!(patched(base, over), json!({ "spec": { list: merged } }), "{list}");
        }
        for (list, key, name) in [
            ("env", "name", json!("a")),
            ("ports", "containerPort", json!(80)),
            ("volumeMounts", "mountPath", json!("/a")),
            ("volumeDevices", "devicePath", json!("/a")),
        ] {
            let container = |items: Value| json!({ "spec": { "containers": [{ "name": "a", list: items }] } });
            let merged = patched(container(json!([{ key: name, "x": 1 }])), container(json!([{ key: name, "y": 2 }])));
            assert_eq!(merged, container(json!([{ key: name, "x": 1, "y": 2 }])), "{list}");
        }
    }

    #[test]
    fn other_lists_are_replaced() {
        let pod = |tolerations: Value, args: Value| json!({ "spec": { "tolerations": tolerations, "containers": [{ "name": "a", "args": args }] } });
        let merged =
            patched(pod(json!([{ "key": "a" }]), json!(["x", "y"])), pod(json!([{ "key": "b" }]), json!(["z"])));
        assert_eq!(merged, pod(json!([{ "key": "b" }]), json!(["z"])));
    }

    #[test]
    fn directives_and_null_are_obeyed() {
        let base = json!({ "spec": {
            "a": 1,
            "affinity": { "nodeAffinity": {}, "podAffinity": {} },
            "containers": [{ "name": "a", "resources": { "limits": { "cpu": 1 } } }, { "name": "b" }],
            "volumes": [{ "name": "v", "emptyDir": {} }],
            "hostAliases": [{ "ip": "1" }],
            "list": ["x", "y"],
        } });
        let over = json!({ "spec": {
            "a": null,
            "affinity": { "$patch": "replace", "podAntiAffinity": {} },
            "$setElementOrder/containers": [{ "name": "b" }],
            "containers": [{ "name": "b", "$patch": "delete" }, { "name": "a", "resources": { "$patch": "delete" } }],
            "volumes": [{ "name": "v", "$retainKeys": ["name", "hostPath"], "hostPath": { "path": "/" } }],
            "hostAliases": [{ "$patch": "replace" }, { "ip": "2" }],
            "$deleteFromPrimitiveList/list": ["x"],
            "new": { "$patch": "merge", "kept": { "gone": null } },
        } });
        assert_eq!(
            patched(base, over),
            json!({ "spec": {
                "affinity": { "podAntiAffinity": {} },
                "containers": [{ "name": "a", "resources": {} }],
                "volumes": [{ "name": "v", "hostPath": { "path": "/" } }],
                "hostAliases": [{ "ip": "2" }],
                "list": ["y"],
                "new": { "kept": {} },
            } })
        );
    }

    #[test]
    fn what_does_not_fit_the_template_is_refused_where_it_stands() {
        for (over, at, message) in [
            (json!({ "metadata": "x" }), "metadata", "must be a map, as it is in the pod template"),
            (
                json!({ "spec": { "containers": {} } }),
                "spec.containers",
                "must be a list, as it is in the pod template",
            ),
            (
                json!({ "spec": { "containers": [{}] } }),
                "spec.containers",
                "each item needs `name`, by which it is merged",
            ),
            (
                json!({ "spec": { "containers": [{ "name": "a", "env": ["x"] }] } }),
                "spec.containers[a].env",
                "its items must be maps",
            ),
            (json!({ "spec": { "$patch": "x" } }), "spec.$patch", "must be delete, replace or merge"),
            (json!([]), "", "must be a map"),
        ] {
            assert_eq!(refused(over), (at.to_owned(), message.to_owned()));
        }
    }
}
