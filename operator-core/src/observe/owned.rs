//! The part of an object that the operator applied, and the canonical form in which it is compared with what shall be there.
//!
//! Source: managedFields, as structured-merge-diff writes them (`f:` a field, `k:` a list item by key, `v:` one by value).

use serde_json::{Map, Value};

use crate::{hash::Digest, kinds::ChildKind};

/// The values in `live` at the paths that `manager` applied; `None` where it applied nothing.
pub fn applied(live: &Value, manager: &str) -> Option<Value> {
    let entries = live.get("metadata")?.get("managedFields")?.as_array()?;
    let fields = entries.iter().find(|entry| {
        let is = |key: &str, value: &str| entry.get(key).and_then(Value::as_str) == Some(value);
        is("manager", manager) && is("operation", "Apply") && entry.get("subresource").is_none()
    })?;
    Some(project(live, fields.get("fieldsV1")?))
}

fn project(live: &Value, fields: &Value) -> Value {
    let Some(fields) = fields.as_object().filter(|fields| fields.keys().any(|key| key != ".")) else {
        return live.clone();
    };
    match live {
        Value::Object(live) => fields
            .iter()
            .filter_map(|(path, below)| {
                let key = path.strip_prefix("f:")?;
                Some((key.to_owned(), project(live.get(key)?, below)))
            })
            .collect(),
        // In the order they stand in: what only others own is left out.
        Value::Array(items) => {
            let selectors: Vec<(Selector, &Value)> =
                fields.iter().filter_map(|(path, below)| Some((Selector::parse(path)?, below))).collect();
            items
                .iter()
                .filter_map(|item| {
                    let (_, below) = selectors.iter().find(|(selector, _)| selector.matches(item))?;
                    Some(project(item, below))
                })
                .collect()
        }
        leaf => leaf.clone(),
    }
}

/// What names an item of a list.
enum Selector {
    Key(Map<String, Value>),
    Value(Value),
}

impl Selector {
    fn parse(path: &str) -> Option<Self> {
        if let Some(key) = path.strip_prefix("k:") {
            return serde_json::from_str(key).ok().map(Self::Key);
        }
        path.strip_prefix("v:").and_then(|value| serde_json::from_str(value).ok()).map(Self::Value)
    }

    fn matches(&self, item: &Value) -> bool {
        match self {
            Self::Key(key) => key.iter().all(|(name, value)| item.get(name) == Some(value)),
            Self::Value(value) => item == value,
        }
    }
}

/// The form in which both sides are compared: without what names the object or says nothing.
pub fn canonical(mut object: Value) -> Value {
    if let Some(object) = object.as_object_mut() {
        for key in ["apiVersion", "kind", "status"] {
            object.remove(key);
        }
        if let Some(metadata) = object.get_mut("metadata").and_then(Value::as_object_mut) {
            for key in ["name", "namespace", "uid", "creationTimestamp"] {
                metadata.remove(key);
            }
        }
        // An atomic list, whose items the API server gives a status.
        let claims = object.get_mut("spec").and_then(|spec| spec.get_mut("volumeClaimTemplates"));
        for claim in claims.and_then(Value::as_array_mut).into_iter().flatten() {
            if let Some(claim) = claim.as_object_mut() {
                claim.remove("status");
            }
        }
    }
    prune(&mut object);
    object
}

/// Takes out `null`, `{}` and `[]`: whether the API server keeps them depends on the type.
fn prune(value: &mut Value) {
    match value {
        Value::Object(map) => {
            map.values_mut().for_each(prune);
            map.retain(|_, value| !says_nothing(value));
        }
        Value::Array(items) => items.iter_mut().for_each(prune),
        _ => {}
    }
}

fn says_nothing(value: &Value) -> bool {
    match value {
        Value::Null => true,
        Value::Object(map) => map.is_empty(),
        Value::Array(items) => items.is_empty(),
        _ => false,
    }
}

/// Digest over the fields that can't be changed in place, of an object in canonical form.
pub fn immutable(canonical: &Value, kind: &ChildKind) -> Digest {
    let at = |path: &str| path.split('.').try_fold(canonical, |value, key| value.get(key));
    let fixed: Map<String, Value> =
        kind.immutable.iter().filter_map(|path| Some(((*path).to_owned(), at(path)?.clone()))).collect();
    Digest::of(&Value::Object(fixed))
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn only_what_the_operator_applied_is_seen() {
        let live = json!({
            "metadata": {
                "name": "a",
                "labels": { "ours": "1", "theirs": "2" },
                "managedFields": [
                    { "manager": "op", "operation": "Update", "fieldsV1": { "f:spec": {} } },
                    { "manager": "op", "operation": "Apply", "fieldsV1": {
                        "f:metadata": { "f:labels": { "f:ours": {} } },
                        "f:spec": { "f:replicas": {}, "f:ports": { "k:{\"port\":80,\"protocol\":\"TCP\"}": { ".": {}, "f:port": {} } },
                                    "f:set": { "v:\"x\"": {} } },
                    } },
                ],
            },
            "spec": { "replicas": 2, "other": 1, "set": ["w", "x"],
                      "ports": [{ "port": 81, "protocol": "TCP" }, { "port": 80, "protocol": "TCP", "nodePort": 3 }] },
        });
        assert_eq!(
            applied(&live, "op"),
            Some(json!({
                "metadata": { "labels": { "ours": "1" } },
                "spec": { "replicas": 2, "ports": [{ "port": 80 }], "set": ["x"] },
            }))
        );
        assert_eq!(applied(&live, "someone"), None);
    }

    #[test]
    fn what_says_nothing_makes_no_difference() {
        assert_eq!(
            canonical(json!({ "spec": { "a": {}, "b": [], "c": null, "d": { "e": {} }, "f": 0 } })),
            json!({ "spec": { "f": 0 } })
        );
    }
}
