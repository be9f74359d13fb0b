//! The ConfigMaps and Secrets that pods refer to.

use std::{collections::BTreeMap, fmt};

use serde_json::Value;

use crate::{
    model::Digest,
    model::kind::{CONFIG_MAP, ChildKind, SECRET},
};

/// A ConfigMap or Secret in the cluster's namespace.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Reference {
    /// Which of the two.
    pub source: Source,
    /// Its name.
    pub name: String,
}

/// What can be referred to.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Source {
    /// A ConfigMap.
    ConfigMap,
    /// A Secret.
    Secret,
}

impl Source {
    /// Its kind.
    pub fn kind(self) -> &'static ChildKind {
        match self {
            Self::ConfigMap => &CONFIG_MAP,
            Self::Secret => &SECRET,
        }
    }
}

impl fmt::Display for Reference {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {}", self.source.kind().kind, self.name)
    }
}

/// What is known of what is referred to. Its values are never kept, only their digest.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Content {
    /// Nothing yet: it isn't watched yet.
    Unknown,
    /// It isn't there.
    Missing,
    /// Over its data.
    Present(Digest),
}

/// Over what a ConfigMap or Secret holds: its `data` and `binaryData`. Its other fields don't matter to pods.
pub fn digest(object: &Value) -> Digest {
    let empty = Value::Object(serde_json::Map::new());
    let over = |key: &str| {
        let data = object.get(key).filter(|data| !data.is_null());
        Value::from(Digest::of(data.unwrap_or(&empty)).to_string())
    };
    Digest::of(&Value::from_iter([over("data"), over("binaryData")]))
}

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
    fn a_digest_is_over_the_data_alone() {
        let of = |object: Value| digest(&object);
        let one = of(json!({ "data": { "a": "1", "b": "2" }, "metadata": { "resourceVersion": "7" } }));
        assert_eq!(one, of(json!({ "data": { "b": "2", "a": "1" }, "type": "Opaque", "binaryData": null })));
        assert_ne!(one, of(json!({ "data": { "a": "1", "b": "3" } })));
        assert_ne!(one, of(json!({ "binaryData": { "a": "1", "b": "2" } })));
        assert_eq!(of(json!({})), of(json!({ "data": {} })));
    }

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
