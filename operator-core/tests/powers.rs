//! What the user of a cluster can't get unless the author allows it, by whichever road. Pure, from specs to what is said of them.

use operator_core::{
    definition::{Definition, Groups, NodeTemplate, PolicyRule, Power, SecretField, Security, Workload},
    model::Object,
    render::Author,
};
use serde_json::{Value, json};

use crate::common::{DATA, HTTP, built, of, optional as node, storage};

/// The author's settings of the node type `agent`.
fn of_author() -> Value {
    json!({
        "serviceAccountName": "authors",
        "podAnnotations": { "example.com/authors": "1" },
        "sidecars": [{ "name": "spy", "image": "spy:1", "securityContext": { "privileged": true } }],
        "volumes": [{ "name": "host", "hostPath": { "path": "/var/log" } }],
        "env": [{ "name": "KEY", "valueFrom": { "secretKeyRef": { "name": "authors", "key": "k" } } }],
        "podOverrides": { "spec": { "hostPID": true } },
        "service": { "annotations": { "example.com/authors": "1" } },
    })
}

const RULES: &[PolicyRule] = &[PolicyRule { groups: &[""], resources: &["pods"], verbs: &["get"] }];

/// A kind whose author allows nothing.
const NOTHING: Definition = Definition {
    allow: &[],
    config_groups: Some(Groups { field: "configGroups", by: "configGroup" }),
    secrets: &[SecretField {
        readers: &[],
        field: "password",
        key: "password",
        env: Some("PASSWORD"),
        file: None,
        folder: None,
        generate: Some(32),
    }],
    node_types: &[
        node("store", NodeTemplate { ports: &[HTTP], storage: &[storage("1Gi")], ..NodeTemplate::EMPTY }),
        node("query", NodeTemplate { ports: &[HTTP], rules: RULES, ..of(Workload::Deployment) }),
        node(
            "agent",
            NodeTemplate {
                ports: &[HTTP],
                security: Some(Security::Unrestricted),
                defaults: Some(of_author),
                ..of(Workload::DaemonSet)
            },
        ),
    ],
    ..DATA
};
static KIND: Definition = NOTHING;

/// The powers, each allowed alone.
static ALLOWED: [Definition; 7] = {
    const fn only(allow: &'static [Power]) -> Definition {
        Definition { allow, ..NOTHING }
    }
    [
        only(&[Power::ServiceAccount]),
        only(&[Power::Secrets]),
        only(&[Power::ImagePullSecrets]),
        only(&[Power::VolumeClaims]),
        only(&[Power::HostAccess]),
        only(&[Power::PodOverrides]),
        only(&[Power::Annotations("nginx.ingress.kubernetes.io/")]),
    ]
};

fn refusals(definition: &'static Definition, node: &str, settings: Value) -> Vec<String> {
    built(definition, &json!({ "image": "data:1", node: settings })).err().unwrap_or_default()
}

/// Each road: the power that it would take, the settings of the node `store`, the path that is named and what stands there.
fn roads() -> Vec<(&'static str, Value, &'static str, &'static str)> {
    let container = |field: &str, value: Value| json!({ "securityContext": { field: value } });
    let pod = |field: &str, value: Value| json!({ "podSecurityContext": { field: value } });
    let volume = |source: &str, value: Value| json!({ "volumes": [{ "name": "v", source: value }] });
    let projected = |source: &str, value: Value| volume("projected", json!({ "sources": [{ source: value }] }));
    let sidecar = |fields: Value| {
        let mut sidecar = fields;
        sidecar["name"] = "s".into();
        json!({ "sidecars": [sidecar] })
    };
    let secret = json!({ "secretKeyRef": { "name": "others", "key": "k" } });
    let from = json!([{ "name": "A", "valueFrom": secret }]);
    let source = json!({ "kind": "PersistentVolumeClaim", "name": "others" });
    let copied = json!({ "volumeClaimTemplate": { "spec": { "dataSource": source } } });
    let bound = json!({ "volumeClaimTemplate": { "spec": { "volumeName": "others" } } });
    vec![
        (
            "service_account",
            json!({ "serviceAccountName": "others" }),
            "serviceAccountName",
            r#"serviceAccountName: "others""#,
        ),
        (
            "service_account",
            json!({ "automountServiceAccountToken": true }),
            "automountServiceAccountToken",
            "automountServiceAccountToken: true",
        ),
        (
            "service_account",
            projected("serviceAccountToken", json!({ "path": "t" })),
            "volumes[v].projected",
            r#"projected: "serviceAccountToken""#,
        ),
        (
            "service_account",
            projected("podCertificate", json!({ "signerName": "a/b" })),
            "volumes[v].projected",
            r#"projected: "podCertificate""#,
        ),
        ("secrets", json!({ "env": from }), "env", r#"env: "others""#),
        ("secrets", json!({ "envFrom": [{ "secretRef": { "name": "others" } }] }), "envFrom", r#"envFrom: "others""#),
        ("secrets", volume("secret", json!({ "secretName": "others" })), "volumes[v].secret", r#"secret: "others""#),
        (
            "secrets",
            projected("secret", json!({ "name": "others" })),
            "volumes[v].projected.secret",
            r#"projected.secret: "others""#,
        ),
        ("secrets", sidecar(json!({ "env": from })), "sidecars[s].env", r#"env: "others""#),
        (
            "secrets",
            json!({ "initContainers": [{ "name": "i", "env": from }] }),
            "initContainers[i].env",
            r#"env: "others""#,
        ),
        (
            "image_pull_secrets",
            json!({ "imagePullSecrets": [{ "name": "others" }] }),
            "imagePullSecrets",
            r#"imagePullSecrets: "others""#,
        ),
        (
            "volume_claims",
            volume("persistentVolumeClaim", json!({ "claimName": "others" })),
            "volumes[v].persistentVolumeClaim",
            r#"persistentVolumeClaim: "others""#,
        ),
        (
            "volume_claims",
            volume("ephemeral", copied),
            "volumes[v].ephemeral",
            r#"ephemeral: {"kind":"PersistentVolumeClaim","name":"others"}"#,
        ),
        ("volume_claims", volume("ephemeral", bound), "volumes[v].ephemeral", r#"ephemeral: "others""#),
        (
            "host_access",
            volume("hostPath", json!({ "path": "/" })),
            "volumes[v].hostPath",
            r#"hostPath: {"path":"/","type":""}"#,
        ),
        ("host_access", volume("csi", json!({ "driver": "d" })), "volumes[v].csi", r#"csi: {"driver":"d"}"#),
        ("host_access", volume("nfs", json!({ "path": "/" })), "volumes[v].nfs", r#"nfs: {"path":"/"}"#),
        ("host_access", volume("newer", json!({})), "volumes[v].newer", "newer: {}"),
        (
            "host_access",
            container("capabilities", json!({ "add": ["NET_ADMIN", "CHOWN"] })),
            "securityContext.capabilities",
            r#"securityContext.capabilities: "NET_ADMIN""#,
        ),
        (
            "host_access",
            container("allowPrivilegeEscalation", json!(true)),
            "securityContext.allowPrivilegeEscalation",
            "securityContext.allowPrivilegeEscalation: true",
        ),
        (
            "host_access",
            container("procMount", json!("Unmasked")),
            "securityContext.procMount",
            r#"securityContext.procMount: "Unmasked""#,
        ),
        (
            "host_access",
            container("seccompProfile", json!({ "type": "Unconfined" })),
            "securityContext.seccompProfile",
            r#"securityContext.seccompProfile: {"type":"Unconfined"}"#,
        ),
        (
            "host_access",
            container("appArmorProfile", json!({ "type": "Unconfined" })),
            "securityContext.appArmorProfile",
            r#"securityContext.appArmorProfile: {"type":"Unconfined"}"#,
        ),
        (
            "host_access",
            container("seLinuxOptions", json!({ "type": "spc_t" })),
            "securityContext.seLinuxOptions",
            r#"securityContext.seLinuxOptions: {"type":"spc_t"}"#,
        ),
        (
            "host_access",
            container("seLinuxOptions", json!({ "user": "u" })),
            "securityContext.seLinuxOptions",
            r#"securityContext.seLinuxOptions: {"user":"u"}"#,
        ),
        (
            "host_access",
            container("windowsOptions", json!({ "hostProcess": true })),
            "securityContext.windowsOptions",
            r#"securityContext.windowsOptions: {"hostProcess":true}"#,
        ),
        (
            "host_access",
            pod("seccompProfile", json!({ "type": "Unconfined" })),
            "podSecurityContext.seccompProfile",
            r#"securityContext.seccompProfile: {"type":"Unconfined"}"#,
        ),
        (
            "host_access",
            pod("sysctls", json!([{ "name": "kernel.msgmax", "value": "1" }])),
            "podSecurityContext.sysctls",
            r#"securityContext.sysctls: "kernel.msgmax""#,
        ),
        (
            "host_access",
            sidecar(json!({ "ports": [{ "containerPort": 1, "hostPort": 1 }] })),
            "sidecars[s].ports.hostPort",
            "ports.hostPort: 1",
        ),
        (
            "host_access",
            json!({ "readinessProbe": { "httpGet": { "port": "http", "host": "10.0.0.1" } } }),
            "readinessProbe",
            r#"readinessProbe: "10.0.0.1""#,
        ),
        (
            "host_access",
            json!({ "lifecycle": { "preStop": { "tcpSocket": { "port": 1, "host": "10.0.0.1" } } } }),
            "lifecycle",
            r#"lifecycle: "10.0.0.1""#,
        ),
        ("pod_overrides", json!({ "podOverrides": { "spec": { "hostname": "h" } } }), "podOverrides", "podOverrides"),
        ("pod_overrides", sidecar(json!({ "newer": 1 })), "sidecars[s].newer", "newer: 1"),
        (
            "annotations",
            json!({ "podAnnotations": { "k8s.v1.cni.cncf.io/networks": "host" } }),
            "podAnnotations.k8s.v1.cni.cncf.io/networks",
            r#"k8s.v1.cni.cncf.io/networks: "host""#,
        ),
        ("annotations", json!({ "service": { "annotations": { "a": "1" } } }), "service.annotations.a", r#"a: "1""#),
        (
            "annotations",
            json!({ "service": { "external": { "annotations": { "a": "1" } } } }),
            "service.external.annotations.a",
            r#"a: "1""#,
        ),
        ("annotations", json!({ "ingress": { "annotations": { "a": "1" } } }), "ingress.annotations.a", r#"a: "1""#),
        (
            "annotations",
            json!({ "httpRoute": { "gateways": [{ "name": "g" }], "annotations": { "a": "1" } } }),
            "httpRoute.annotations.a",
            r#"a: "1""#,
        ),
    ]
}

#[test]
fn no_road_leads_to_a_power_that_the_author_does_not_allow() {
    for (power, settings, path, what) in roads() {
        let sentence =
            format!("spec.store.{path}: `{what}` needs `{power}`, which this operator doesn't allow: leave it out");
        assert_eq!(refusals(&KIND, "store", settings.clone()), std::slice::from_ref(&sentence), "{settings}");
        for other in &ALLOWED {
            let is_allowed = other.allow[0].word() == power && power != "annotations";
            let wanted = if is_allowed { Vec::new() } else { vec![sentence.clone()] };
            assert_eq!(refusals(other, "store", settings.clone()), wanted, "{settings} with {:?}", other.allow);
        }
    }
}

#[test]
fn what_confined_pods_have_takes_no_power() {
    for settings in [
        json!({ "podSecurityContext": { "runAsUser": 0, "fsGroup": 3, "sysctls": [{ "name": "net.ipv4.tcp_rmem", "value": "1" }] } }),
        json!({ "securityContext": { "capabilities": { "add": ["CHOWN"], "drop": [] }, "privileged": false, "procMount": "Default" } }),
        json!({ "securityContext": { "seLinuxOptions": { "type": "container_t", "level": "s0" } } }),
        json!({ "securityContext": { "seccompProfile": { "type": "Localhost", "localhostProfile": "p" } } }),
        json!({ "sidecars": [{ "name": "s", "image": "any", "ports": [{ "containerPort": 1, "hostPort": 0 }] }] }),
        json!({ "initContainers": [{ "name": "i", "image": "any", "restartPolicy": "Always" }] }),
        json!({ "volumes": [{ "name": "v", "emptyDir": {} }, { "name": "w", "configMap": { "name": "c" } }] }),
        json!({ "volumes": [{ "name": "v", "projected": { "sources": [{ "downwardAPI": {} }, { "configMap": { "name": "c" } }] } }] }),
        json!({ "volumes": [{ "name": "v", "ephemeral": { "volumeClaimTemplate": { "spec": {} } } }] }),
        json!({ "envFrom": [{ "configMapRef": { "name": "c" } }], "automountServiceAccountToken": false }),
        json!({ "readinessProbe": { "httpGet": { "port": "http" } }, "ingress": { "hosts": ["h"], "tlsSecret": "t" } }),
    ] {
        assert_eq!(refusals(&KIND, "store", settings.clone()), Vec::<String>::new(), "{settings}");
    }
    assert_eq!(refusals(&KIND, "query", json!({ "automountServiceAccountToken": true })), Vec::<String>::new());
}

#[test]
fn pod_overrides_carry_no_other_power_with_them() {
    let overrides = |spec: Value| json!({ "podOverrides": { "spec": spec } });
    let [.., patched, _] = &ALLOWED;
    let main = |fields: Value| {
        let mut container = fields;
        container["name"] = "store".into();
        json!({ "containers": [container] })
    };
    for (power, spec, path, what) in [
        ("host_access", json!({ "hostNetwork": true }), "hostNetwork", "hostNetwork: true"),
        ("host_access", json!({ "hostPID": true }), "hostPID", "hostPID: true"),
        ("host_access", json!({ "hostIPC": true }), "hostIPC", "hostIPC: true"),
        (
            "host_access",
            json!({ "volumes": [{ "name": "v", "hostPath": { "path": "/" } }] }),
            "volumes[v].hostPath",
            r#"hostPath: {"path":"/","type":""}"#,
        ),
        (
            "host_access",
            main(json!({ "securityContext": { "privileged": true, "allowPrivilegeEscalation": false } })),
            "containers[store].securityContext.privileged",
            "securityContext.privileged: true",
        ),
        (
            "host_access",
            main(json!({ "securityContext": { "allowPrivilegeEscalation": null } })),
            "containers[store].securityContext.allowPrivilegeEscalation",
            "securityContext.allowPrivilegeEscalation: true",
        ),
        (
            "host_access",
            json!({ "securityContext": { "newer": 1 } }),
            "securityContext.newer",
            "securityContext.newer: 1",
        ),
        (
            "host_access",
            json!({ "initContainers": [{ "name": "i", "ports": [{ "containerPort": 1, "hostPort": 2 }] }] }),
            "initContainers[i].ports.hostPort",
            "ports.hostPort: 2",
        ),
        (
            "service_account",
            json!({ "serviceAccountName": "others" }),
            "serviceAccountName",
            r#"serviceAccountName: "others""#,
        ),
        (
            "service_account",
            json!({ "serviceAccountName": null, "serviceAccount": "others" }),
            "serviceAccountName",
            r#"serviceAccountName: "others""#,
        ),
        (
            "service_account",
            json!({ "automountServiceAccountToken": null }),
            "automountServiceAccountToken",
            "automountServiceAccountToken: true",
        ),
        (
            "secrets",
            main(json!({ "envFrom": [{ "secretRef": { "name": "others" } }] })),
            "containers[store].envFrom",
            r#"envFrom: "others""#,
        ),
        (
            "image_pull_secrets",
            json!({ "imagePullSecrets": [{ "name": "others" }] }),
            "imagePullSecrets",
            r#"imagePullSecrets: "others""#,
        ),
    ] {
        let path = match path {
            "serviceAccountName" if spec.get(path).is_none() => path.to_owned(),
            path => format!("podOverrides.spec.{path}"),
        };
        let sentence =
            format!("spec.store.{path}: `{what}` needs `{power}`, which this operator doesn't allow: leave it out");
        assert_eq!(refusals(patched, "store", overrides(spec.clone())), [sentence], "{spec}");
    }
    let apparmor = json!({ "podOverrides": { "metadata": { "annotations": { "container.apparmor.security.beta.kubernetes.io/store": "unconfined" } } } });
    static ANNOTATED: Definition = Definition { allow: &[Power::PodOverrides, Power::Annotations("")], ..NOTHING };
    let said = refusals(&ANNOTATED, "store", apparmor);
    assert!(said.len() == 1 && said[0].contains("needs `host_access`"), "{said:?}");
}

#[test]
fn annotations_are_allowed_by_the_beginning_of_their_key() {
    let [.., nginx] = &ALLOWED;
    let ingress = |key: &str| json!({ "ingress": { "annotations": { key: "1" } } });
    assert_eq!(refusals(nginx, "store", ingress("nginx.ingress.kubernetes.io/rewrite-target")), Vec::<String>::new());
    assert_eq!(refusals(nginx, "store", ingress("ingress.kubernetes.io/rewrite-target")).len(), 1);
}

#[test]
fn a_secret_that_a_field_of_the_author_names_takes_no_power() {
    let reads =
        |name: &str| json!({ "env": [{ "name": "A", "valueFrom": { "secretKeyRef": { "name": name, "key": "k" } } }] });
    let spec = |name: &str| json!({ "image": "i", "password": { "secretName": "given" }, "store": reads(name) });
    assert!(built(&KIND, &spec("given")).is_ok());
    assert!(built(&KIND, &spec("a-password")).is_err(), "none is generated");
    assert_eq!(refusals(&KIND, "store", reads("a-password")), Vec::<String>::new(), "the generated one");
}

#[test]
fn what_the_author_asks_for_is_allowed_and_nothing_beside_it() {
    assert_eq!(refusals(&KIND, "agent", json!({})), Vec::<String>::new());
    let sidecar = |name: &str| json!({ "sidecars": [{ "name": name, "securityContext": { "privileged": true } }] });
    for (settings, what) in [
        (sidecar("users"), "securityContext.privileged: true"),
        (json!({ "podOverrides": { "spec": { "hostIPC": true } } }), "podOverrides"),
        (json!({ "serviceAccountName": "users" }), r#"serviceAccountName: "users""#),
        (json!({ "podAnnotations": { "example.com/authors": "2" } }), r#"example.com/authors: "2""#),
        (json!({ "volumes": [{ "name": "users", "hostPath": { "path": "/var/log" } }] }), "hostPath"),
        (json!({ "securityContext": { "privileged": true } }), "securityContext.privileged: true"),
    ] {
        let said = refusals(&KIND, "agent", settings.clone());
        assert!(said.first().is_some_and(|said| said.contains(what)), "{settings}: {said:?}");
    }
    let privileged = refusals(&KIND, "store", json!({ "securityContext": { "privileged": true } }));
    assert_eq!(privileged.len(), 1, "that it escalates follows: {privileged:?}");
}

#[test]
fn a_power_is_refused_where_the_user_wrote_it() {
    let privileged = json!({ "securityContext": { "privileged": true } });
    for (spec, path) in [
        (json!({ "defaults": privileged, "store": {} }), "defaults"),
        (json!({ "configGroups": { "big": privileged }, "store": { "configGroup": "big" } }), "configGroups.big"),
        (json!({ "store": privileged }), "store"),
    ] {
        let mut spec = spec;
        spec["image"] = "i".into();
        let said = built(&KIND, &spec).unwrap_err();
        let path = format!("spec.{path}.securityContext.");
        assert!(said.iter().all(|said| said.starts_with(&path)), "{said:?}");
    }
}

#[test]
fn rights_are_bound_to_the_account_that_the_operator_makes_and_to_no_other() {
    static ANY: Definition = Definition { allow: &[Power::ServiceAccount, Power::PodOverrides], ..NOTHING };
    let of = |settings: Value| {
        let built = built(&ANY, &json!({ "image": "i", "query": settings })).unwrap();
        let is_right = |object: &&Object| ["ServiceAccount", "Role", "RoleBinding"].contains(&&*object.kind.kind);
        built.objects.iter().map(|object| (**object).clone()).filter(|object| is_right(&object)).collect::<Vec<_>>()
    };
    let own = of(json!({}));
    assert_eq!(own.len(), 3);
    assert!(own.iter().all(|object| object.name == "a-query"));
    let binding = own.iter().find(|object| object.kind.kind == "RoleBinding").unwrap();
    let subject = json!([{ "kind": "ServiceAccount", "name": "a-query", "namespace": "default" }]);
    assert_eq!(binding.json["subjects"], subject);
    for settings in [
        json!({ "serviceAccountName": "users" }),
        json!({ "serviceAccountName": "default" }),
        json!({ "podOverrides": { "spec": { "serviceAccountName": "users" } } }),
        json!({ "podOverrides": { "spec": { "serviceAccountName": null } } }),
    ] {
        assert!(of(settings.clone()).is_empty(), "{settings}");
    }
}

#[test]
fn the_authors_hook_is_the_authors() {
    use k8s_openapi::api::core::v1::PodTemplateSpec;
    use operator_core::render::{Children, HookError, Scope, customize::Customization};

    fn host(_: &Value, scope: &Scope<'_>, children: &mut Children) -> Result<(), HookError> {
        scope.node.map_or(Ok(()), |_| {
            children
                .pod(|template: &mut PodTemplateSpec| template.spec.get_or_insert_default().host_network = Some(true))
        })
    }
    let author = Author { customize: Some(Customization { kinds: &[], call: host }), ..Author::from(&KIND) };
    let built = built(author, &json!({ "image": "i", "store": {} })).unwrap();
    let workload = built.objects.iter().find(|object| object.kind.is_workload()).unwrap();
    assert_eq!(workload.json.pointer("/spec/template/spec/hostNetwork"), Some(&json!(true)));
}
