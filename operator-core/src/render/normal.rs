//! The form of a pod template that server-side apply needs.
//!
//! - What the API server defaults beside fields that exclude each other (a probe's handlers, a volume's sources) or that depend on another
//!   field (an image's pull policy) is sent: a default without an owner stays when the field beside it is removed, and the API server then
//!   refuses the rest.
//! - `null` isn't sent: the operator would own the field without need.
//!
//! Source: `pkg/apis/core/v1/defaults.go` of Kubernetes, and the schema of server-side apply.

use serde_json::{Map, Value, json};

use crate::settings::json::{at_mut, drop_null};

/// Permissions of files in volumes, 0644.
const FILE_MODE: i32 = 0o644;

/// Defaults of Kubernetes, by path in the pod's spec; see [`at_mut`].
fn defaults() -> Vec<(&'static str, Value)> {
    let http = json!({ "path": "/", "scheme": "HTTP" });
    let (grpc, field, resource) = (json!({ "service": "" }), json!({ "apiVersion": "v1" }), json!({ "divisor": "0" }));
    let probe = json!({ "timeoutSeconds": 1, "periodSeconds": 10, "successThreshold": 1, "failureThreshold": 3 });
    vec![
        ("containers|initContainers.*.env.*.valueFrom.fieldRef", field.clone()),
        ("containers|initContainers.*.env.*.valueFrom.resourceFieldRef", resource.clone()),
        ("containers|initContainers.*.env.*.valueFrom.fileKeyRef", json!({ "optional": false })),
        ("containers|initContainers.*.ports.*", json!({ "protocol": "TCP" })),
        ("containers|initContainers.*.livenessProbe|readinessProbe|startupProbe", probe),
        ("containers|initContainers.*.livenessProbe|readinessProbe|startupProbe.httpGet", http.clone()),
        ("containers|initContainers.*.livenessProbe|readinessProbe|startupProbe.grpc", grpc.clone()),
        ("containers|initContainers.*.lifecycle.postStart|preStop.httpGet", http),
        ("containers|initContainers.*.lifecycle.postStart|preStop.grpc", grpc),
        ("volumes.*.configMap|secret|downwardAPI|projected", json!({ "defaultMode": FILE_MODE })),
        ("volumes.*.downwardAPI.items.*.fieldRef", field.clone()),
        ("volumes.*.downwardAPI.items.*.resourceFieldRef", resource.clone()),
        ("volumes.*.ephemeral.volumeClaimTemplate.spec", json!({ "volumeMode": "Filesystem" })),
        ("volumes.*.hostPath", json!({ "type": "" })),
        ("volumes.*.projected.sources.*.downwardAPI.items.*.fieldRef", field),
        ("volumes.*.projected.sources.*.downwardAPI.items.*.resourceFieldRef", resource),
        ("volumes.*.projected.sources.*.serviceAccountToken", json!({ "expirationSeconds": 3600 })),
    ]
}

/// Converts a pod template to the stored form. What isn't of the right type is left for the API server to refuse.
pub fn template(template: &mut Value) {
    drop_null(template);
    let Some(spec) = template.get_mut("spec").filter(|spec| spec.is_object()) else { return };
    spec.as_object_mut().into_iter().for_each(service_account);
    for (path, defaults) in defaults() {
        at_mut(spec, path).into_iter().for_each(|value| fill(value, &defaults));
    }
    for (path, image, policy) in
        [("containers|initContainers.*", "image", "imagePullPolicy"), ("volumes.*.image", "reference", "pullPolicy")]
    {
        for value in at_mut(spec, path) {
            if let Some(image) = value.get(image).and_then(Value::as_str) {
                fill(value, &json!({ policy: pull_policy(image) }));
            }
        }
    }
}

/// Adds the defaults of fields that a map doesn't have.
fn fill(value: &mut Value, defaults: &Value) {
    if let (Value::Object(map), Value::Object(defaults)) = (value, defaults) {
        defaults.iter().for_each(|(key, default)| {
            map.entry(key).or_insert_with(|| default.clone());
        });
    }
}

/// Of the two names of one field, only the current one is sent: the deprecated one would stay when the other is removed.
fn service_account(spec: &mut Map<String, Value>) {
    let deprecated = spec.remove("serviceAccount");
    let is_given = |value: &Value| value.as_str().is_some_and(|name| !name.is_empty());
    if !spec.get("serviceAccountName").is_some_and(is_given) {
        spec.insert("serviceAccountName".to_owned(), deprecated.filter(is_given).unwrap_or_else(|| "default".into()));
    }
}

/// What Kubernetes makes of an image without a policy. It is sent because the default of an earlier image would stay.
fn pull_policy(image: &str) -> &'static str {
    let (name, digest) = image.split_once('@').map_or((image, false), |(name, _)| (name, true));
    let last = name.rsplit('/').next().unwrap_or(name);
    match last.split_once(':') {
        Some((_, "latest")) => "Always",
        None if !digest => "Always",
        _ => "IfNotPresent",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn stored(spec: Value) -> Value {
        let mut pod = json!({ "spec": spec });
        template(&mut pod);
        let once = pod.clone();
        template(&mut pod);
        assert_eq!(pod, once, "canonical already");
        pod["spec"].as_object_mut().unwrap().remove("serviceAccountName");
        pod["spec"].take()
    }

    #[test]
    fn what_is_replaced_as_a_whole_has_its_defaults() {
        let field = json!({ "fieldRef": { "fieldPath": "metadata.name" } });
        let whole = json!({ "fieldRef": { "fieldPath": "metadata.name", "apiVersion": "v1" } });
        let resource = json!({ "resourceFieldRef": { "resource": "limits.cpu", "divisor": "1000m" } });
        let spec = |field: &Value, divisor: &str, token: Value, mode: Value| {
            let mut resource = resource.clone();
            resource["resourceFieldRef"]["divisor"] = divisor.into();
            let mut item = field.clone();
            item["path"] = "p".into();
            let mut projected = json!({ "sources": [
                { "serviceAccountToken": token },
                { "downwardAPI": { "items": [item] } },
            ] });
            if !mode.is_null() {
                projected["defaultMode"] = mode;
            }
            let env = json!([{ "name": "A", "valueFrom": field }, { "name": "B", "valueFrom": resource }]);
            json!({ "initContainers": [{ "name": "a", "env": env }], "volumes": [{ "name": "v", "projected": projected }] })
        };
        assert_eq!(
            stored(spec(&field, "1000m", json!({ "path": "t" }), Value::Null)),
            spec(&whole, "1000m", json!({ "path": "t", "expirationSeconds": 3600 }), json!(420))
        );
    }

    #[test]
    fn defaults_beside_what_excludes_each_other_are_said() {
        let sent = json!({
            "containers": [{
                "name": "a",
                "readinessProbe": { "httpGet": { "port": 80 }, "periodSeconds": 5 },
                "livenessProbe": { "grpc": { "port": 80 } },
                "lifecycle": { "preStop": { "httpGet": { "port": 80, "path": "/x" } } },
            }],
            "volumes": [{ "name": "v", "secret": { "secretName": "s" } }, { "name": "w", "hostPath": { "path": "/" } }],
        });
        let whole = json!({
            "containers": [{
                "name": "a",
                "readinessProbe": {
                    "httpGet": { "port": 80, "path": "/", "scheme": "HTTP" },
                    "periodSeconds": 5, "timeoutSeconds": 1, "successThreshold": 1, "failureThreshold": 3,
                },
                "livenessProbe": {
                    "grpc": { "port": 80, "service": "" },
                    "periodSeconds": 10, "timeoutSeconds": 1, "successThreshold": 1, "failureThreshold": 3,
                },
                "lifecycle": { "preStop": { "httpGet": { "port": 80, "path": "/x", "scheme": "HTTP" } } },
            }],
            "volumes": [
                { "name": "v", "secret": { "secretName": "s", "defaultMode": 420 } },
                { "name": "w", "hostPath": { "path": "/", "type": "" } },
            ],
        });
        assert_eq!(stored(sent), whole);
    }

    #[test]
    fn a_policy_follows_from_the_image_as_in_kubernetes() {
        for (image, policy) in [
            ("data", "Always"),
            ("example.com:5000/data", "Always"),
            ("example.com:5000/data:latest", "Always"),
            ("example.com/data:1", "IfNotPresent"),
            ("data@sha256:00", "IfNotPresent"),
            ("data:latest@sha256:00", "Always"),
        ] {
            assert_eq!(pull_policy(image), policy, "{image}");
        }
    }

    #[test]
    fn the_account_is_always_said() {
        for (sent, kept) in [
            (json!({}), "default"),
            (json!({ "serviceAccountName": "a", "serviceAccount": "b" }), "a"),
            (json!({ "serviceAccount": "b" }), "b"),
        ] {
            let mut pod = json!({ "spec": sent });
            template(&mut pod);
            assert_eq!(pod, json!({ "spec": { "serviceAccountName": kept } }));
        }
    }
}
