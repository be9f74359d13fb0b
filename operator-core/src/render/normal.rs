//! The form in which the API server stores a pod template.
//!
//! Three things are brought into it, else a comparison with what is stored never comes to rest, or a field can't be taken back:
//! - What Go leaves out (`false`, 0 and `""` where they are the default) isn't sent: a field would be owned that isn't there.
//! - Quantities are canonical, and what is defaulted inside atomic lists and maps is said: those are compared as a whole.
//! - What is defaulted beside fields that exclude each other (a probe's handlers, a volume's sources) is said: under server-side apply a default
//!   that nobody owns stays behind, and the API server then refuses what is left.
//!
//! Source: `pkg/apis/core/v1/defaults.go` of Kubernetes, and the schema of server-side apply.

use serde_json::{Map, Value, json};

use crate::settings::Quantity;

type Fields = Map<String, Value>;

/// Fields that are left out where they are `false`, 0 or empty.
const POD_DROPS: [&str; 9] = [
    "hostNetwork",
    "hostPID",
    "hostIPC",
    "nodeName",
    "hostname",
    "subdomain",
    "schedulerName",
    "priorityClassName",
    "dnsPolicy",
];
const CONTAINER_DROPS: [&str; 8] = [
    "stdin",
    "stdinOnce",
    "tty",
    "image",
    "workingDir",
    "terminationMessagePath",
    "terminationMessagePolicy",
    "imagePullPolicy",
];
const MOUNT_DROPS: [&str; 3] = ["readOnly", "subPath", "subPathExpr"];
const PROBE_DROPS: [&str; 5] =
    ["initialDelaySeconds", "timeoutSeconds", "periodSeconds", "successThreshold", "failureThreshold"];
const PORT_DROPS: [&str; 4] = ["name", "hostPort", "hostIP", "protocol"];
const HANDLER_DROPS: [&str; 3] = ["path", "host", "scheme"];
const TOLERATION_DROPS: [&str; 4] = ["key", "operator", "value", "effect"];

/// Those of them that are `true` or `false`.
const SWITCHES: [&str; 7] = ["hostNetwork", "hostPID", "hostIPC", "stdin", "stdinOnce", "tty", "readOnly"];

const PROBES: [&str; 3] = ["livenessProbe", "readinessProbe", "startupProbe"];

/// Permissions of files in volumes, 0644.
const FILE_MODE: i32 = 0o644;

/// Brings a pod template into the stored form. What isn't of the right type is left for the API server to refuse.
pub fn template(template: &mut Value) {
    without_null(template);
    let Some(spec) = template.get_mut("spec").and_then(Value::as_object_mut) else { return };
    drop_empty(spec, &POD_DROPS);
    service_account(spec);
    for list in ["containers", "initContainers"] {
        items(spec, list).for_each(container);
    }
    items(spec, "volumes").for_each(volume);
    items(spec, "tolerations").for_each(|toleration| drop_empty(toleration, &TOLERATION_DROPS));
    resources(spec.get_mut("resources"));
    quantities(spec.get_mut("overhead"));
}

/// The canonical form of a quantity; what is none is left as it is.
pub fn quantity(value: &mut Value) {
    canonical(value, |quantity| quantity);
}

fn canonical(value: &mut Value, rounded: impl Fn(Quantity) -> Quantity) {
    let text = match &*value {
        Value::String(text) => text.clone(),
        Value::Number(number) => number.to_string(),
        _ => return,
    };
    if let Ok(quantity) = text.parse().map(rounded) {
        *value = quantity.as_str().into();
    }
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
    drop_empty(container, &CONTAINER_DROPS);
    if let Some(image) = container.get("image").and_then(Value::as_str) {
        let policy = pull_policy(image);
        fill(container, [("imagePullPolicy", json!(policy))]);
    }
    items(container, "env").for_each(|variable| {
        drop_empty(variable, &["value"]);
        if let Some(source) = fields(variable, "valueFrom") {
            field_source(source);
            fields(source, "fileKeyRef").into_iter().for_each(|file| fill(file, [("optional", json!(false))]));
        }
    });
    items(container, "envFrom").for_each(|from| drop_empty(from, &["prefix"]));
    items(container, "ports").for_each(|port| {
        drop_empty(port, &PORT_DROPS);
        fill(port, [("protocol", json!("TCP"))]);
    });
    items(container, "volumeMounts").for_each(|mount| drop_empty(mount, &MOUNT_DROPS));
    resources(container.get_mut("resources"));
    for name in PROBES {
        if let Some(probe) = fields(container, name) {
            drop_empty(probe, &PROBE_DROPS);
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
        drop_empty(http, &HANDLER_DROPS);
        fill(http, [("path", json!("/")), ("scheme", json!("HTTP"))]);
    }
    fields(handler, "tcpSocket").into_iter().for_each(|tcp| drop_empty(tcp, &["host"]));
    fields(handler, "grpc").into_iter().for_each(|grpc| fill(grpc, [("service", json!(""))]));
}

/// A field of the pod or of its resources: both are atomic.
fn field_source(source: &mut Fields) {
    fields(source, "fieldRef").into_iter().for_each(|field| fill(field, [("apiVersion", json!("v1"))]));
    if let Some(field) = fields(source, "resourceFieldRef") {
        drop_empty(field, &["containerName"]);
        fill(field, [("divisor", json!("0"))]);
        field.get_mut("divisor").into_iter().for_each(quantity);
    }
}

fn volume(volume: &mut Fields) {
    // Which of the sources it is makes no difference: read-only is what they have in common.
    volume.values_mut().filter_map(Value::as_object_mut).for_each(|source| drop_empty(source, &["readOnly"]));
    for source in ["configMap", "secret", "downwardAPI", "projected"] {
        fields(volume, source).into_iter().for_each(|source| fill(source, [("defaultMode", json!(FILE_MODE))]));
    }
    if let Some(downward) = fields(volume, "downwardAPI") {
        items(downward, "items").for_each(field_source);
    }
    fields(volume, "hostPath").into_iter().for_each(|path| fill(path, [("type", json!(""))]));
    if let Some(empty) = fields(volume, "emptyDir") {
        drop_empty(empty, &["medium"]);
        empty.get_mut("sizeLimit").into_iter().for_each(quantity);
    }
    let claim = fields(volume, "ephemeral").and_then(|claim| fields(claim, "volumeClaimTemplate"));
    if let Some(claim) = claim.and_then(|claim| fields(claim, "spec")) {
        fill(claim, [("volumeMode", json!("Filesystem"))]);
        resources(claim.get_mut("resources"));
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
                drop_empty(token, &["audience"]);
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

fn resources(resources: Option<&mut Value>) {
    let Some(resources) = resources else { return };
    ["limits", "requests"].iter().for_each(|field| quantities(resources.get_mut(field)));
}

fn quantities(map: Option<&mut Value>) {
    let values = map.and_then(Value::as_object_mut).into_iter().flat_map(Map::values_mut);
    values.for_each(|value| canonical(value, |quantity| quantity.in_millis()));
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

fn drop_empty(map: &mut Fields, keys: &[&str]) {
    map.retain(|key, value| !(keys.contains(&key.as_str()) && *value == zero(key)));
}

/// What Go leaves out of this field. The zero of another type stays, for the API server to refuse: as text it would say something.
fn zero(key: &str) -> Value {
    match key {
        _ if SWITCHES.contains(&key) => json!(false),
        "hostPort" => json!(0),
        _ if PROBE_DROPS.contains(&key) => json!(0),
        _ => json!(""),
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
    fn what_go_leaves_out_is_not_sent() {
        let sent = json!({
            "hostNetwork": false,
            "hostUsers": false,
            "tolerations": [{ "key": "a", "value": "", "effect": "" }],
            "containers": [{
                "name": "a",
                "tty": false,
                "env": [{ "name": "A", "value": "" }],
                "volumeMounts": [{ "name": "v", "mountPath": "/v", "readOnly": false, "subPath": "" }],
                "securityContext": { "privileged": false },
                "command": null,
            }],
            "volumes": [{ "name": "v", "persistentVolumeClaim": { "claimName": "v", "readOnly": false } }],
        });
        let kept = json!({
            "hostUsers": false,
            "tolerations": [{ "key": "a" }],
            "containers": [{
                "name": "a",
                "env": [{ "name": "A" }],
                "volumeMounts": [{ "name": "v", "mountPath": "/v" }],
                "securityContext": { "privileged": false },
            }],
            "volumes": [{ "name": "v", "persistentVolumeClaim": { "claimName": "v" } }],
        });
        assert_eq!(stored(sent), kept);
    }

    #[test]
    fn what_is_compared_as_a_whole_has_its_defaults() {
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
            spec(&whole, "1", json!({ "path": "t", "expirationSeconds": 3600 }), json!(420))
        );
    }

    #[test]
    fn quantities_are_canonical_wherever_they_stand() {
        let spec = |cpu: Value, memory: &str| {
            json!({
                "containers": [{ "name": "a", "resources": { "limits": { "cpu": cpu }, "requests": { "memory": memory } } }],
                "volumes": [{ "name": "v", "emptyDir": { "sizeLimit": memory } }],
                "overhead": { "memory": memory },
            })
        };
        assert_eq!(stored(spec(json!(2), "1024Mi")), spec(json!("2"), "1Gi"));
        assert_eq!(stored(spec(json!("1u"), "1")), spec(json!("1m"), "1"));
    }

    #[test]
    fn defaults_beside_what_excludes_each_other_are_said() {
        let sent = json!({
            "containers": [{
                "name": "a",
                "readinessProbe": { "httpGet": { "port": 80 }, "periodSeconds": 5, "initialDelaySeconds": 0 },
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
    fn only_the_zero_of_a_field_s_own_type_says_nothing() {
        let spec = |env: Value, tty: Value, seconds: Value| {
            let probe = json!({ "tcpSocket": { "port": 80 }, "initialDelaySeconds": seconds });
            json!({ "containers": [{ "name": "a", "env": [env], "tty": tty, "readinessProbe": probe }] })
        };
        let kept = stored(spec(json!({ "name": "A", "value": 0 }), json!(""), json!(false)));
        assert_eq!(kept["containers"][0]["env"], json!([{ "name": "A", "value": 0 }]));
        assert_eq!(kept["containers"][0]["tty"], "");
        assert_eq!(kept["containers"][0]["readinessProbe"]["initialDelaySeconds"], false);
        let dropped = stored(spec(json!({ "name": "A", "value": "" }), json!(false), json!(0)));
        assert_eq!(dropped["containers"][0]["env"], json!([{ "name": "A" }]));
        assert_eq!(dropped["containers"][0].get("tty"), None);
        assert_eq!(dropped["containers"][0]["readinessProbe"].get("initialDelaySeconds"), None);
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
