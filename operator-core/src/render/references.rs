//! The ConfigMaps and Secrets that pods refer to.

use std::collections::BTreeMap;

use serde_json::Value;

use crate::{
    model::{Reference, Source},
    settings::json::at,
};

/// Paths in a pod's spec that refer to an object, and the field that holds its name.
const REFERENCES: [(Source, &str, &str); 8] = [
    (Source::ConfigMap, "containers|initContainers.*.env.*.valueFrom.configMapKeyRef", "name"),
    (Source::ConfigMap, "containers|initContainers.*.envFrom.*.configMapRef", "name"),
    (Source::ConfigMap, "volumes.*.configMap", "name"),
    (Source::ConfigMap, "volumes.*.projected.sources.*.configMap", "name"),
    (Source::Secret, "containers|initContainers.*.env.*.valueFrom.secretKeyRef", "name"),
    (Source::Secret, "containers|initContainers.*.envFrom.*.secretRef", "name"),
    (Source::Secret, "volumes.*.secret", "secretName"),
    (Source::Secret, "volumes.*.projected.sources.*.secret", "name"),
];

/// What the pods of a template refer to, each with whether they start without it. The ConfigMaps `own` are in the hash already.
pub fn of(pod: &Value, own: &[&str]) -> BTreeMap<Reference, bool> {
    let mut found = BTreeMap::new();
    let spec = pod.get("spec").unwrap_or(&Value::Null);
    for (source, path, key) in REFERENCES {
        for reference in at(spec, path) {
            let name = reference.get(key).and_then(Value::as_str).unwrap_or_default();
            let is_own = source == Source::ConfigMap && own.contains(&name);
            if !name.is_empty() && !is_own {
                let optional = reference.get("optional") == Some(&Value::Bool(true));
                *found.entry(Reference { source, name: name.to_owned() }).or_insert(optional) &= optional;
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
                { "name": "w", "secret": { "secretName": "e" } },
                { "name": "x", "projected": { "sources": [{ "configMap": { "name": "own" } }, { "secret": { "name": "f" } }] } },
            ],
        } });
        let found: Vec<String> =
            of(&pod, &["own"]).iter().map(|(reference, optional)| format!("{reference} {optional}")).collect();
        assert_eq!(
            found,
            [
                "ConfigMap b false",
                "ConfigMap c true",
                "Secret a false",
                "Secret d false",
                "Secret e false",
                "Secret f false"
            ]
        );
    }
}
