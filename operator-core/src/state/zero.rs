//! What says nothing in an object, and may be there or not.

use serde_json::{Map, Value};

/// Fields of which Go drops `false`, `0` and `""` when it writes an object: their types are no pointers (`omitempty`). They mean the same
/// whether they are there or not. Source: `k8s.io/api`.
const DROPPED: [&str; 36] = [
    // Of pods.
    "hostIPC",
    "hostNetwork",
    "hostPID",
    "hostname",
    "nodeName",
    "priorityClassName",
    "serviceAccountName",
    "subdomain",
    // Of containers.
    "hostIP",
    "hostPort",
    "initialDelaySeconds",
    "readOnly",
    "stdin",
    "stdinOnce",
    "subPath",
    "subPathExpr",
    "tty",
    "value",
    "workingDir",
    // Of tolerations.
    "effect",
    "key",
    "operator",
    // Of volumes.
    "fsType",
    "medium",
    "secretName",
    "volumeName",
    // Of workloads.
    "minReadySeconds",
    "paused",
    // Of Services and Ingresses.
    "externalName",
    "healthCheckNodePort",
    "host",
    "loadBalancerIP",
    "nodePort",
    "publishNotReadyAddresses",
    // Of role bindings.
    "apiGroup",
    "namespace",
];

/// Maps whose keys people choose: they bear no fields.
const MAPS: [&str; 8] =
    ["data", "binaryData", "labels", "annotations", "matchLabels", "nodeSelector", "selector", "stringData"];

/// Takes out `null`, `{}` and `[]` (whether the API server keeps them depends on the type) and what Go drops.
pub fn prune(value: &mut Value) {
    match value {
        Value::Object(map) => prune_map(map),
        Value::Array(items) => items.iter_mut().for_each(prune),
        _ => {}
    }
}

fn prune_map(map: &mut Map<String, Value>) {
    for (key, value) in map.iter_mut() {
        match value {
            Value::Object(chosen) if MAPS.contains(&key.as_str()) && chosen.values().all(is_plain) => {
                chosen.retain(|_, value| !value.is_null());
            }
            value => prune(value),
        }
    }
    map.retain(|key, value| !says_nothing(value) && !is_dropped(key, value));
}

fn is_plain(value: &Value) -> bool {
    !value.is_object() && !value.is_array()
}

fn says_nothing(value: &Value) -> bool {
    match value {
        Value::Null => true,
        Value::Object(map) => map.is_empty(),
        Value::Array(items) => items.is_empty(),
        _ => false,
    }
}

fn is_dropped(key: &str, value: &Value) -> bool {
    let zero = match value {
        Value::Bool(value) => !value,
        Value::Number(number) => number.as_f64() == Some(0.0),
        Value::String(text) => text.is_empty(),
        _ => false,
    };
    // A quantity, of a resource's reference.
    (zero && DROPPED.contains(&key)) || (key == "divisor" && value.as_str() == Some("0"))
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn pruned(mut value: Value) -> Value {
        prune(&mut value);
        value
    }

    #[test]
    fn what_says_nothing_makes_no_difference() {
        let value = json!({ "spec": { "a": {}, "b": [], "c": null, "d": { "e": {} }, "f": 0 } });
        assert_eq!(pruned(value), json!({ "spec": { "f": 0 } }));
    }

    #[test]
    fn what_go_drops_makes_no_difference() {
        let pod = json!({
            "hostNetwork": false,
            "containers": [{ "name": "a", "tty": false, "env": [{ "name": "EMPTY", "value": "" }],
                             "volumeMounts": [{ "mountPath": "/a", "readOnly": false }] }],
        });
        assert_eq!(
            pruned(pod),
            json!({ "containers": [{ "name": "a", "env": [{ "name": "EMPTY" }], "volumeMounts": [{ "mountPath": "/a" }] }] })
        );
    }

    #[test]
    fn what_means_something_stays() {
        let workload = json!({ "replicas": 0, "enableServiceLinks": false, "hostNetwork": true, "partition": 1 });
        assert_eq!(pruned(workload.clone()), workload);
    }

    #[test]
    fn keys_that_people_choose_are_no_fields() {
        let config_map = json!({ "data": { "value": "", "host": "" }, "nodeSelector": { "key": "" } });
        assert_eq!(pruned(config_map.clone()), config_map);
    }
}
