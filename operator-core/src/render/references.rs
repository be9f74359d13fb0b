//! The ConfigMaps and Secrets that pods refer to.

use std::collections::BTreeMap;

use serde_json::Value;

use crate::{
    model::{Reference, Source},
    settings::json::at,
};

/// Paths in a pod's spec that refer to an object, the field that holds its name, and the path of the keys that are read of it.
const REFERENCES: [(Source, &str, &str, &str); 8] = [
    (Source::ConfigMap, "containers|initContainers.*.env.*.valueFrom.configMapKeyRef", "name", "key"),
    (Source::ConfigMap, "containers|initContainers.*.envFrom.*.configMapRef", "name", ""),
    (Source::ConfigMap, "volumes.*.configMap", "name", "items.*.key"),
    (Source::ConfigMap, "volumes.*.projected.sources.*.configMap", "name", "items.*.key"),
    (Source::Secret, "containers|initContainers.*.env.*.valueFrom.secretKeyRef", "name", "key"),
    (Source::Secret, "containers|initContainers.*.envFrom.*.secretRef", "name", ""),
    (Source::Secret, "volumes.*.secret", "secretName", "items.*.key"),
    (Source::Secret, "volumes.*.projected.sources.*.secret", "name", "items.*.key"),
];

/// What the pods of a template refer to, each with whether they start without it. The ConfigMaps `own` are in the hash already.
pub fn of(pod: &Value, own: &[&str]) -> BTreeMap<Reference, bool> {
    let mut found = BTreeMap::new();
    let spec = pod.get("spec").unwrap_or(&Value::Null);
    for (source, path, field, keys) in REFERENCES {
        for reference in at(spec, path) {
            let name = reference.get(field).and_then(Value::as_str).unwrap_or_default();
            if name.is_empty() || (source == Source::ConfigMap && own.contains(&name)) {
                continue;
            }
            let optional = reference.get("optional") == Some(&Value::Bool(true));
            let read = if keys.is_empty() { Vec::new() } else { at(reference, keys) };
            let mut keys: Vec<_> = read.into_iter().map(|key| key.as_str().map(str::to_owned)).collect();
            if keys.is_empty() {
                keys.push(None);
            }
            for key in keys {
                *found.entry(Reference { source, name: name.to_owned(), key }).or_insert(optional) &= optional;
            }
        }
    }
    found
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn what_pods_refer_to_is_found_wherever_it_stands() {
        let pod = json!({ "spec": {
            "containers": [{
                "env": [
                    { "name": "A", "valueFrom": { "secretKeyRef": { "name": "a", "key": "k", "optional": true } } },
                    { "name": "B", "valueFrom": { "configMapKeyRef": { "name": "b", "key": "k" } } },
                ],
                "envFrom": [{ "secretRef": { "name": "a" } }, { "configMapRef": { "name": "c", "optional": true } }],
            }],
            "initContainers": [{ "envFrom": [{ "secretRef": { "name": "d" } }] }],
            "volumes": [
                { "name": "v", "configMap": { "name": "own" } },
                { "name": "w", "secret": { "secretName": "e", "items": [{ "key": "k", "path": "p" }, { "key": "l", "path": "q" }] } },
                { "name": "x", "projected": { "sources": [{ "configMap": { "name": "own" } }, { "secret": { "name": "f" } }] } },
            ],
        } });
        let found: Vec<String> =
            of(&pod, &["own"]).iter().map(|(reference, optional)| format!("{reference} {optional}")).collect();
        assert_eq!(
            found,
            [
                "ConfigMap b/k false",
                "ConfigMap c true",
                "Secret a false",
                "Secret a/k true",
                "Secret d false",
                "Secret e/k false",
                "Secret e/l false",
                "Secret f false"
            ]
        );
    }
}
