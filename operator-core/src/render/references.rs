//! The ConfigMaps and Secrets that pods refer to.

use std::collections::BTreeMap;

use serde_json::Value;

use crate::model::{Reference, Source};

/// What the pods of a template refer to, each with whether they start without it. What is `own` is in the hash already.
pub fn of(pod: &Value, own: &[&str]) -> BTreeMap<Reference, bool> {
    let mut found = BTreeMap::new();
    let mut refer = |source: Source, reference: Option<&Value>, key: &str| {
        let name = reference.and_then(|reference| reference.get(key)).and_then(Value::as_str).unwrap_or_default();
        if name.is_empty() || (source == Source::ConfigMap && own.contains(&name)) {
            return;
        }
        let optional = reference.and_then(|reference| reference.get("optional")) == Some(&Value::Bool(true));
        let known = found.entry(Reference { source, name: name.to_owned() }).or_insert(optional);
        *known &= optional;
    };
    let spec = pod.get("spec").unwrap_or(&Value::Null);
    let list = |value: &Value, key: &str| value.get(key).and_then(Value::as_array).cloned().unwrap_or_default();
    for container in list(spec, "containers").iter().chain(&list(spec, "initContainers")) {
        for variable in list(container, "env") {
            let from = variable.get("valueFrom");
            refer(Source::ConfigMap, from.and_then(|from| from.get("configMapKeyRef")), "name");
            refer(Source::Secret, from.and_then(|from| from.get("secretKeyRef")), "name");
        }
        for from in list(container, "envFrom") {
            refer(Source::ConfigMap, from.get("configMapRef"), "name");
            refer(Source::Secret, from.get("secretRef"), "name");
        }
    }
    for volume in list(spec, "volumes") {
        refer(Source::ConfigMap, volume.get("configMap"), "name");
        refer(Source::Secret, volume.get("secret"), "secretName");
        for source in volume.get("projected").map(|projected| list(projected, "sources")).unwrap_or_default() {
            refer(Source::ConfigMap, source.get("configMap"), "name");
            refer(Source::Secret, source.get("secret"), "name");
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
