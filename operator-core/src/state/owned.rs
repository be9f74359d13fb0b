//! The part of an object that the operator applied, and the canonical form in which it is compared with what shall be there.
//!
//! Source: managedFields, as structured-merge-diff writes them (`f:` a field, `k:` a list item by key, `v:` one by value).

use serde_json::{Map, Value};

use super::zero;
use crate::{
    model::Digest,
    model::kind::{ChildKind, SECRET},
};

/// Whether an entry of managedFields is what `manager` applied.
fn is_ours(entry: &Value, manager: &str) -> bool {
    let is = |key: &str, value: &str| entry.get(key).and_then(Value::as_str) == Some(value);
    is("manager", manager) && is("operation", "Apply") && entry.get("subresource").is_none()
}

fn entries(live: &Value) -> impl Iterator<Item = &Value> {
    live.pointer("/metadata/managedFields").and_then(Value::as_array).into_iter().flatten()
}

/// Who set a field.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Owners {
    /// The operator's Apply entry has it.
    pub ours: bool,
    /// Another entry has it.
    pub others: bool,
}

/// Who set `spec.replicas`.
pub fn replicas(live: &Value, manager: &str) -> Owners {
    let mut owners = Owners::default();
    for entry in entries(live).filter(|entry| entry.pointer("/fieldsV1/f:spec/f:replicas").is_some()) {
        if is_ours(entry, manager) {
            owners.ours = true;
        } else {
            owners.others = true;
        }
    }
    owners
}

/// The values in `live` at the paths that `manager` applied; `None` where it applied nothing.
pub fn applied(live: &Value, manager: &str) -> Option<Value> {
    let fields = entries(live).find(|entry| is_ours(entry, manager))?;
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

/// The form in which both sides are compared: without what names the object or says nothing. Of Secrets, only which keys they have.
pub fn canonical(mut object: Value, kind: &ChildKind) -> Value {
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
        if kind == &SECRET {
            hide(object);
        }
    }
    zero::prune(&mut object);
    object
}

/// Puts nothing but keys where a Secret's values are. The API server moves `stringData` into `data`.
fn hide(secret: &mut Map<String, Value>) {
    let texts = secret.remove("stringData");
    let keys: Map<String, Value> = [secret.get("data"), texts.as_ref()]
        .into_iter()
        .flatten()
        .filter_map(Value::as_object)
        .flat_map(|data| data.keys().map(|key| (key.clone(), true.into())))
        .collect();
    secret.insert("data".to_owned(), keys.into());
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
    fn of_secrets_only_the_keys_are_compared() {
        let one = canonical(json!({ "data": { "a": "eA==" }, "type": "Opaque" }), &SECRET);
        let other = canonical(json!({ "stringData": { "a": "another" }, "type": "Opaque" }), &SECRET);
        assert_eq!(one, json!({ "data": { "a": true }, "type": "Opaque" }));
        assert_eq!(one, other);
    }
}
