//! The form of a pod template that server-side apply needs.
//!
//! - What the API server defaults beside fields that exclude each other (a probe's handlers, a volume's sources) or that depend on another
//!   field (an image's pull policy) is sent: a default that nobody owns stays behind when the field beside it goes, and the API server then
//!   refuses what is left.
//! - `null` isn't sent: it would be owned for nothing.
//!
//! Source: `pkg/apis/core/v1/defaults.go` of Kubernetes, and the schema of server-side apply.

use serde_json::{Map, Value, json};

type Fields = Map<String, Value>;

const PROBES: [&str; 3] = ["livenessProbe", "readinessProbe", "startupProbe"];

/// Permissions of files in volumes, 0644.
const FILE_MODE: i32 = 0o644;

/// Brings a pod template into the stored form. What isn't of the right type is left for the API server to refuse.
pub fn template(template: &mut Value) {
    without_null(template);
    let Some(spec) = template.get_mut("spec").and_then(Value::as_object_mut) else { return };
    service_account(spec);
    for list in ["containers", "initContainers"] {
        items(spec, list).for_each(container);
    }
    items(spec, "volumes").for_each(volume);
}

/// The deprecated twin gives way: of the two, one would stay when the other is taken back.
fn service_account(spec: &mut Fields) {
    let twin = spec.remove("serviceAccount");
    let said = |value: &Value| value.as_str().is_some_and(|name| !name.is_empty());
    if !spec.get("serviceAccountName").is_some_and(said) {
        spec.insert("serviceAccountName".to_owned(), twin.filter(said).unwrap_or_else(|| "default".into()));
    }
}

fn container(container: &mut Fields) {
    if let Some(image) = container.get("image").and_then(Value::as_str) {
        let policy = pull_policy(image);
        fill(container, [("imagePullPolicy", json!(policy))]);
    }
    items(container, "env").for_each(|variable| {
        if let Some(source) = fields(variable, "valueFrom") {
            field_source(source);
            fields(source, "fileKeyRef").into_iter().for_each(|file| fill(file, [("optional", json!(false))]));
        }
    });
    items(container, "ports").for_each(|port| fill(port, [("protocol", json!("TCP"))]));
    for name in PROBES {
        if let Some(probe) = fields(container, name) {
            fill(
                probe,
                [
                    ("timeoutSeconds", json!(1)),
                    ("periodSeconds", json!(10)),
                    ("successThreshold", json!(1)),
                    ("failureThreshold", json!(3)),
                ],
            );
            handler(probe);
        }
    }
    if let Some(lifecycle) = fields(container, "lifecycle") {
        ["postStart", "preStop"].iter().for_each(|hook| fields(lifecycle, hook).into_iter().for_each(handler));
    }
}

fn handler(handler: &mut Fields) {
    if let Some(http) = fields(handler, "httpGet") {
        fill(http, [("path", json!("/")), ("scheme", json!("HTTP"))]);
    }
    fields(handler, "grpc").into_iter().for_each(|grpc| fill(grpc, [("service", json!(""))]));
}

/// A field of the pod or of its resources: both are atomic.
fn field_source(source: &mut Fields) {
    fields(source, "fieldRef").into_iter().for_each(|field| fill(field, [("apiVersion", json!("v1"))]));
    if let Some(field) = fields(source, "resourceFieldRef") {
        fill(field, [("divisor", json!("0"))]);
    }
}

fn volume(volume: &mut Fields) {
    for source in ["configMap", "secret", "downwardAPI", "projected"] {
        fields(volume, source).into_iter().for_each(|source| fill(source, [("defaultMode", json!(FILE_MODE))]));
    }
    if let Some(downward) = fields(volume, "downwardAPI") {
        items(downward, "items").for_each(field_source);
    }
    fields(volume, "hostPath").into_iter().for_each(|path| fill(path, [("type", json!(""))]));
    let claim = fields(volume, "ephemeral").and_then(|claim| fields(claim, "volumeClaimTemplate"));
    if let Some(claim) = claim.and_then(|claim| fields(claim, "spec")) {
        fill(claim, [("volumeMode", json!("Filesystem"))]);
    }
    let image = fields(volume, "image");
    if let Some((image, policy)) = image.and_then(|image| {
        let policy = pull_policy(image.get("reference")?.as_str()?);
        Some((image, policy))
    }) {
        fill(image, [("pullPolicy", json!(policy))]);
    }
    if let Some(projected) = fields(volume, "projected") {
        items(projected, "sources").for_each(|source| {
            fields(source, "serviceAccountToken").into_iter().for_each(|token| {
                fill(token, [("expirationSeconds", json!(3600))]);
            });
            if let Some(downward) = fields(source, "downwardAPI") {
                items(downward, "items").for_each(field_source);
            }
        });
    }
}

/// What Kubernetes makes of an image without a policy. It is said, for the default of an earlier image would stay.
fn pull_policy(image: &str) -> &'static str {
    let (name, digest) = image.split_once('@').map_or((image, false), |(name, _)| (name, true));
    let last = name.rsplit('/').next().unwrap_or(name);
    match last.split_once(':') {
        Some((_, "latest")) => "Always",
        None if !digest => "Always",
        _ => "IfNotPresent",
    }
}

fn fields<'a>(map: &'a mut Fields, key: &str) -> Option<&'a mut Fields> {
    map.get_mut(key)?.as_object_mut()
}

fn items<'a>(map: &'a mut Fields, key: &str) -> impl Iterator<Item = &'a mut Fields> {
    map.get_mut(key).and_then(Value::as_array_mut).into_iter().flatten().filter_map(Value::as_object_mut)
}

fn fill<const COUNT: usize>(map: &mut Fields, defaults: [(&str, Value); COUNT]) {
    for (key, value) in defaults {
        map.entry(key).or_insert(value);
    }
}

fn without_null(value: &mut Value) {
    match value {
        Value::Object(map) => {
            map.retain(|_, value| !value.is_null());
            map.values_mut().for_each(without_null);
        }
        Value::Array(items) => items.iter_mut().for_each(without_null),
        _ => {}
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
