//! What nodes come to: pods, and what stands around them. Pure, from specs to JSON.

use std::collections::BTreeMap;

use k8s_openapi::{
    api::{
        apps::v1::{Deployment, StatefulSet},
        batch::v1::CronJob,
        core::v1::{Container, EnvFromSource, SecretEnvSource, Service},
        policy::v1::PodDisruptionBudget,
    },
    apimachinery::pkg::util::intstr::IntOrString,
};
use operator_core::{
    definition::{
        Check, ConfigFile, Definition, Format, Metrics, NodeTemplate, PolicyRule, Probe, Reload, RunAs, SecretField,
        Security, Workload,
    },
    model::{ChildKind, Content, Digest, Object, Reference, Source},
    render::{Author, Blueprint, Children, HookError, Scope, customize::Customization},
};
use serde_json::{Value, json};

use crate::common::{DATA, HTTP, built as blueprint, of, optional as node, storage};

const fn with_port(workload: Workload) -> NodeTemplate {
    NodeTemplate { ports: &[HTTP], ..of(workload) }
}

static DEFINITION: Definition = Definition {
    node_types: &[
        node(
            "store",
            NodeTemplate {
                ports: &[HTTP],
                storage: &[storage("1Gi")],
                configs: &[ConfigFile {
                    readers: &[],
                    field: Some("settings"),
                    file: "store.json",
                    mount: "/etc/store",
                    format: Format::Json,
                    with: None,
                    reload: Reload::Pods,
                }],
                secrets: &[
                    SecretField {
                        readers: &[],
                        field: "token",
                        key: "token",
                        env: None,
                        file: Some("/etc/store/token"),
                        folder: None,
                        generate: None,
                    },
                    SecretField {
                        readers: &[],
                        field: "password",
                        key: "password",
                        env: Some("PASSWORD"),
                        file: None,
                        folder: None,
                        generate: Some(32),
                    },
                ],
                empty_dirs: &["/tmp"],
                read_only_root: Some(true),
                run_as: Some(RunAs { user: 1000, group: 2000 }),
                publish_not_ready: Some(true),
                config_hash_env: Some("CONFIG_HASH"),
                ..NodeTemplate::EMPTY
            },
        ),
        node(
            "query",
            NodeTemplate {
                talks_to: &["store"],
                rules: &[PolicyRule { groups: &[""], resources: &["pods"], verbs: &["get"] }],
                metrics: Some(Metrics { port: "http", path: "/status/metrics" }),
                ..with_port(Workload::Deployment)
            },
        ),
        node("agent", NodeTemplate { security: Some(Security::Unrestricted), ..with_port(Workload::DaemonSet) }),
        node("setup", of(Workload::Job)),
    ],
    ..DATA
};

/// A cluster of this one node.
fn one(node: &str, spec: Value) -> Blueprint {
    blueprint(&DEFINITION, &json!({ "image": "data:1", node: spec })).unwrap()
}

fn refused(node: &str, spec: Value) -> Vec<String> {
    blueprint(&DEFINITION, &json!({ "image": "data:1", node: spec })).unwrap_err()
}

fn child<'a>(blueprint: &'a Blueprint, kind: &str, name: &str) -> Option<&'a Object> {
    let mut objects = blueprint.objects.iter().map(|object| &**object);
    objects.find(|object| object.kind.kind == kind && object.name == name)
}

fn workload(blueprint: &Blueprint) -> &Value {
    &blueprint.objects.iter().find(|object| object.kind.is_workload()).unwrap().json["spec"]
}

fn pod(blueprint: &Blueprint) -> &Value {
    &workload(blueprint)["template"]["spec"]
}

fn names(blueprint: &Blueprint, kind: &str) -> Vec<String> {
    blueprint.objects.iter().filter(|object| object.kind.kind == kind).map(|object| object.name.clone()).collect()
}

#[test]
fn every_setting_reaches_the_pods() {
    let container = |field: &str| format!("/template/spec/containers/0/{field}");
    let of_pod = |field: &str| format!("/template/spec/{field}");
    let map = |key: &str| json!({ key: "1" });
    for (field, value, at) in [
        ("image", json!("other:1"), container("image")),
        ("imagePullPolicy", json!("Never"), container("imagePullPolicy")),
        ("imagePullSecrets", json!([{ "name": "s" }]), of_pod("imagePullSecrets")),
        ("resources", json!({ "limits": { "cpu": "1" } }), container("resources")),
        ("env", json!([{ "name": "A", "value": "1" }]), container("env")),
        ("envFrom", json!([{ "configMapRef": { "name": "c" } }]), container("envFrom")),
        ("args", json!(["x"]), container("args")),
        ("volumes", json!([{ "name": "v", "emptyDir": {} }]), of_pod("volumes")),
        ("nodeSelector", map("a"), of_pod("nodeSelector")),
        ("tolerations", json!([{ "operator": "Exists" }]), of_pod("tolerations")),
        ("affinity", json!({ "nodeAffinity": { "x": 1 } }), of_pod("affinity")),
        ("schedulingGates", json!([{ "name": "g" }]), of_pod("schedulingGates")),
        ("priorityClassName", json!("p"), of_pod("priorityClassName")),
        ("schedulerName", json!("s"), of_pod("schedulerName")),
        ("runtimeClassName", json!("r"), of_pod("runtimeClassName")),
        ("serviceAccountName", json!("s"), of_pod("serviceAccountName")),
        ("automountServiceAccountToken", json!(true), of_pod("automountServiceAccountToken")),
        ("podSecurityContext", json!({ "fsGroup": 3 }), of_pod("securityContext")),
        ("securityContext", json!({ "runAsUser": 3 }), container("securityContext")),
        ("lifecycle", json!({ "preStop": { "sleep": { "seconds": 1 } } }), container("lifecycle")),
        ("terminationGracePeriodSeconds", json!(7), of_pod("terminationGracePeriodSeconds")),
        ("minReadySeconds", json!(7), "/minReadySeconds".to_owned()),
        ("podLabels", map("l"), "/template/metadata/labels".to_owned()),
        ("podAnnotations", map("a"), "/template/metadata/annotations".to_owned()),
        ("dnsPolicy", json!("None"), of_pod("dnsPolicy")),
        ("enableServiceLinks", json!(false), of_pod("enableServiceLinks")),
        ("dnsConfig", json!({ "nameservers": ["10.0.0.1"] }), of_pod("dnsConfig")),
        ("hostAliases", json!([{ "ip": "10.0.0.1", "hostnames": ["h"] }]), of_pod("hostAliases")),
        ("updateStrategy", json!({ "type": "OnDelete" }), "/updateStrategy".to_owned()),
        ("readinessProbe", json!({ "exec": { "command": ["x"] } }), container("readinessProbe")),
        ("livenessProbe", json!({ "exec": { "command": ["x"] } }), container("livenessProbe")),
        ("startupProbe", json!({ "exec": { "command": ["x"] } }), container("startupProbe")),
        ("initContainers", json!([{ "name": "i", "restartPolicy": "Always" }]), of_pod("initContainers")),
        ("podOverrides", json!({ "spec": { "hostname": "h" } })["spec"].clone(), "/template/spec".to_owned()),
    ] {
        let given = if field == "podOverrides" { json!({ "spec": value }) } else { value.clone() };
        let built = one("agent", json!({ field: given }));
        let seen = workload(&built).pointer(&at).cloned().unwrap_or_default();
        assert!(holds(&seen, &value), "{field}: wanted {value} within {seen}");
    }
    let mounts = json!([{ "name": "v", "mountPath": "/v" }]);
    let built = one("agent", json!({ "volumes": [{ "name": "v", "emptyDir": {} }], "volumeMounts": mounts }));
    assert_eq!(pod(&built)["containers"][0]["volumeMounts"], mounts);
}

/// Whether `seen` says all that `wanted` does.
fn holds(seen: &Value, wanted: &Value) -> bool {
    match (seen, wanted) {
        (Value::Object(seen), Value::Object(wanted)) => {
            wanted.iter().all(|(key, value)| seen.get(key).is_some_and(|seen| holds(seen, value)))
        }
        (Value::Array(seen), Value::Array(wanted)) => {
            wanted.len() <= seen.len() && wanted.iter().zip(seen).all(|(wanted, seen)| holds(seen, wanted))
        }
        (seen, wanted) => seen == wanted,
    }
}

#[test]
fn pods_pass_the_restricted_standard_unless_someone_says_otherwise() {
    let restricted = json!({ "allowPrivilegeEscalation": false, "capabilities": { "drop": ["ALL"] } });
    let built = one(
        "query",
        json!({
            "sidecars": [{ "name": "s", "securityContext": { "capabilities": { "add": ["NET_BIND_SERVICE"] } } }],
            "initContainers": [{ "name": "i", "securityContext": { "privileged": true } }],
            "podOverrides": { "spec": { "containers": [{ "name": "o", "image": "o" }] } },
        }),
    );
    let pod = pod(&built);
    assert_eq!(pod["securityContext"], json!({ "runAsNonRoot": true, "seccompProfile": { "type": "RuntimeDefault" } }));
    assert_eq!(pod["containers"][0]["securityContext"], restricted);
    assert_eq!(
        pod["containers"][1]["securityContext"]["capabilities"],
        json!({ "drop": ["ALL"], "add": ["NET_BIND_SERVICE"] })
    );
    assert_eq!(pod["containers"][2]["securityContext"], restricted);
    // With privileges there is no way not to gain some.
    assert_eq!(
        pod["initContainers"][0]["securityContext"],
        json!({ "privileged": true, "capabilities": { "drop": ["ALL"] } })
    );
}

#[test]
fn a_node_type_says_who_its_pods_are_and_what_they_can_write() {
    let built = one("store", json!({ "podSecurityContext": { "runAsUser": 7 } }));
    let pod = pod(&built);
    let context = json!({
        "runAsNonRoot": true, "seccompProfile": { "type": "RuntimeDefault" },
        "runAsUser": 7, "runAsGroup": 2000, "fsGroup": 2000, "fsGroupChangePolicy": "OnRootMismatch",
    });
    assert_eq!(pod["securityContext"], context);
    assert_eq!(pod["containers"][0]["securityContext"]["readOnlyRootFilesystem"], true);
    assert_eq!(pod["volumes"][0], json!({ "name": "empty-tmp", "emptyDir": {} }));
    assert!(
        pod["containers"][0]["volumeMounts"]
            .as_array()
            .unwrap()
            .contains(&json!({ "name": "empty-tmp", "mountPath": "/tmp" }))
    );
    let root = one("query", json!({ "podSecurityContext": { "runAsUser": 0 } }));
    assert_eq!(self::pod(&root)["securityContext"].get("runAsNonRoot"), None);
    let free = one("agent", json!({}));
    assert_eq!(self::pod(&free).get("securityContext"), None);
    assert_eq!(self::pod(&free)["containers"][0].get("securityContext"), None);
}

#[test]
fn secrets_are_variables_and_files_beside_the_configuration() {
    let built = one("store", json!({ "settings": { "a": 1 }, "token": { "secretName": "given", "key": "k" } }));
    let pod = pod(&built);
    let config_map = &names(&built, "ConfigMap")[0];
    let volume = json!({ "name": "config-etc-store", "projected": { "defaultMode": 420, "sources": [
        { "configMap": { "name": config_map } },
        { "secret": { "name": "given", "items": [{ "key": "k", "path": "token" }] } },
    ] } });
    assert!(pod["volumes"].as_array().unwrap().contains(&volume), "{pod:#}");
    let main = &pod["containers"][0];
    assert_eq!(main["env"][0]["name"], "CONFIG_HASH");
    let variable = json!({ "name": "PASSWORD", "valueFrom": { "secretKeyRef": { "name": "a-store-password", "key": "password" } } });
    assert_eq!(main["env"][1], variable);
    let overridden =
        one("store", json!({ "env": [{ "name": "PASSWORD", "value": "x" }, { "name": "CONFIG_HASH", "value": "y" }] }));
    let env = self::pod(&overridden)["containers"][0]["env"].as_array().unwrap();
    assert_eq!(env.len(), 2, "{env:?}");
    assert_eq!((&env[0]["name"], &env[1]["value"]), (&json!("CONFIG_HASH"), &json!("x")));
}

#[test]
fn pods_are_spread_unless_the_user_says_how() {
    let keys = |built: &Blueprint| -> Vec<Value> {
        let constraints = pod(built)["topologySpreadConstraints"].as_array().cloned().unwrap_or_default();
        constraints.iter().map(|constraint| constraint["topologyKey"].clone()).collect()
    };
    assert_eq!(keys(&one("store", json!({}))), ["topology.kubernetes.io/zone", "kubernetes.io/hostname"]);
    assert!(keys(&one("store", json!({ "topologySpreadConstraints": [] }))).is_empty());
    let own = json!([{ "maxSkew": 1, "topologyKey": "rack", "whenUnsatisfiable": "DoNotSchedule" }]);
    let own = one("store", json!({ "topologySpreadConstraints": own }));
    assert_eq!(keys(&own), ["rack"]);
    let selector = &pod(&own)["topologySpreadConstraints"][0]["labelSelector"]["matchLabels"];
    assert_eq!(selector, &workload(&own)["selector"]["matchLabels"]);
    assert!(keys(&one("agent", json!({}))).is_empty());
}

#[test]
fn tokens_are_mounted_where_they_are_needed() {
    for (node, spec, account, token) in [
        ("store", json!({}), "default", json!(false)),
        ("store", json!({ "serviceAccountName": "x" }), "x", json!(false)),
        ("store", json!({ "automountServiceAccountToken": true }), "default", json!(true)),
        ("query", json!({}), "a-query", json!(true)),
        ("query", json!({ "automountServiceAccountToken": false }), "a-query", json!(false)),
    ] {
        let built = one(node, spec);
        assert_eq!(pod(&built)["serviceAccountName"], account);
        assert_eq!(
            pod(&built).get("automountServiceAccountToken").cloned().unwrap_or_default(),
            token,
            "{node} {account}"
        );
    }
}

#[test]
fn a_node_type_with_rights_has_an_account_and_a_role() {
    let own = one("query", json!({}));
    assert_eq!(names(&own, "ServiceAccount"), ["a-query"]);
    let rule = json!([{ "apiGroups": [""], "resources": ["pods"], "verbs": ["get"] }]);
    assert_eq!(child(&own, "Role", "a-query").unwrap().json["rules"], rule);
    assert!(names(&one("store", json!({})), "Role").is_empty());
}

#[test]
fn a_container_that_takes_the_place_of_another_is_confined_as_it_was() {
    for containers in [
        json!([{ "$patch": "replace" }, { "name": "store", "image": "other:1" }]),
        json!([{ "name": "store", "securityContext": null }]),
    ] {
        let built = one("store", json!({ "podOverrides": { "spec": { "containers": containers } } }));
        let context = &pod(&built)["containers"][0]["securityContext"];
        assert_eq!(context["allowPrivilegeEscalation"], false, "{containers}");
        assert_eq!(context["capabilities"]["drop"], json!(["ALL"]), "{containers}");
    }
}

#[test]
fn services_have_every_port_and_one_more_is_for_outside() {
    let spec = json!({
        "ports": [{ "name": "gossip", "number": 7946, "protocol": "UDP" }],
        "service": {
            "annotations": { "a": "1" },
            "ports": [{ "name": "plain", "port": 8080, "targetPort": "http" }],
            "external": { "annotations": { "b": "2" }, "sourceRanges": ["10.0.0.0/8"] },
        },
    });
    let built = one("store", spec);
    let service = &child(&built, "Service", "a-store").unwrap().json;
    let external = &child(&built, "Service", "a-store-external").unwrap().json;
    let ports = json!([
        { "name": "http", "port": 80, "targetPort": "http", "protocol": "TCP" },
        { "name": "gossip", "port": 7946, "targetPort": "gossip", "protocol": "UDP" },
        { "name": "plain", "port": 8080, "targetPort": "http", "protocol": "TCP" },
    ]);
    assert_eq!((&service["spec"]["ports"], &external["spec"]["ports"]), (&ports, &ports));
    assert_eq!(service["spec"]["clusterIP"], "None");
    assert_eq!(service["spec"]["publishNotReadyAddresses"], true);
    let mut annotations = service["metadata"]["annotations"].clone();
    assert!(annotations.as_object_mut().unwrap().remove("tests.example.com/intent").is_some(), "every child has it");
    assert_eq!(annotations, json!({ "a": "1" }));
    assert_eq!(external["spec"]["type"], "LoadBalancer");
    assert_eq!(external["spec"]["loadBalancerSourceRanges"], json!(["10.0.0.0/8"]));
    let plain = one("query", json!({ "service": { "type": "NodePort" } }));
    assert_eq!(child(&plain, "Service", "a-query").unwrap().json["spec"]["type"], "NodePort");
    let own = child(&plain, "Service", "a-query").unwrap().json["metadata"]["annotations"].as_object().unwrap();
    assert_eq!(own.keys().collect::<Vec<_>>(), ["tests.example.com/intent"], "nothing else is said");
}

#[test]
fn ways_in_lead_to_the_service() {
    let route = json!({ "gateways": [{ "name": "g", "namespace": "n" }], "hosts": ["h"], "path": "/p" });
    let built =
        one("query", json!({ "ingress": { "hosts": ["h"], "tlsSecret": "t", "className": "c" }, "httpRoute": route }));
    let path = json!({ "path": "/", "pathType": "Prefix", "backend": { "service": { "name": "a-query", "port": { "name": "http" } } } });
    assert_eq!(
        child(&built, "Ingress", "a-query").unwrap().json["spec"],
        json!({
            "ingressClassName": "c",
            "rules": [{ "host": "h", "http": { "paths": [path] } }],
            "tls": [{ "hosts": ["h"], "secretName": "t" }],
        })
    );
    assert_eq!(
        child(&built, "HTTPRoute", "a-query").unwrap().json["spec"],
        json!({
            "parentRefs": [{ "group": "gateway.networking.k8s.io", "kind": "Gateway", "name": "g", "namespace": "n" }],
            "hostnames": ["h"],
            "rules": [{
                "matches": [{ "path": { "type": "PathPrefix", "value": "/p" } }],
                "backendRefs": [{ "group": "", "kind": "Service", "name": "a-query", "port": 80, "weight": 1 }],
            }],
        })
    );
}

#[test]
fn one_pod_may_be_missing_where_there_are_two_or_more() {
    let cpu = json!({ "requests": { "cpu": "1" } });
    for (node, spec, budget) in [
        ("store", json!({}), None),
        ("store", json!({ "replicas": 2 }), Some(json!({ "maxUnavailable": 1 }))),
        ("store", json!({ "replicas": 2, "disruptionBudget": { "enabled": false } }), None),
        ("store", json!({ "disruptionBudget": { "enabled": true } }), Some(json!({ "maxUnavailable": 1 }))),
        (
            "store",
            json!({ "replicas": 3, "disruptionBudget": { "minAvailable": "50%" } }),
            Some(json!({ "minAvailable": "50%" })),
        ),
        (
            "query",
            json!({ "resources": cpu, "autoscaling": { "minReplicas": 2, "maxReplicas": 4 } }),
            Some(json!({ "maxUnavailable": 1 })),
        ),
        ("agent", json!({}), None),
    ] {
        let built = one(node, spec.clone());
        let seen = child(&built, "PodDisruptionBudget", &format!("a-{node}")).map(|it| {
            let mut spec = it.json["spec"].clone();
            assert_eq!(spec["selector"], workload(&built)["selector"]);
            spec.as_object_mut().unwrap().remove("selector");
            spec
        });
        assert_eq!(seen, budget, "{node} {spec}");
    }
}

#[test]
fn an_autoscaler_follows_the_cpu_or_what_is_given() {
    let scaled = |autoscaling: Value| {
        one("query", json!({ "replicas": 7, "resources": { "requests": { "cpu": "1" } }, "autoscaling": autoscaling }))
    };
    let built = scaled(json!({ "maxReplicas": 4 }));
    let target = json!({ "type": "Utilization", "averageUtilization": 80 });
    let metric = json!({ "type": "ContainerResource", "containerResource": { "name": "cpu", "container": "query", "target": target } });
    assert_eq!(
        child(&built, "HorizontalPodAutoscaler", "a-query").unwrap().json["spec"],
        json!({
            "scaleTargetRef": { "apiVersion": "apps/v1", "kind": "Deployment", "name": "a-query" },
            "minReplicas": 1, "maxReplicas": 4, "metrics": [metric],
        })
    );
    assert_eq!(workload(&built).get("replicas"), None);
    let memory = |value: &str| json!([{ "type": "Resource", "resource": { "name": "memory", "target": { "type": "AverageValue", "averageValue": value } } }]);
    let built = scaled(
        json!({ "maxReplicas": 4, "metrics": memory("1024Mi"), "behavior": { "scaleDown": { "stabilizationWindowSeconds": 5 } } }),
    );
    let spec = &child(&built, "HorizontalPodAutoscaler", "a-query").unwrap().json["spec"];
    assert_eq!(spec["metrics"], memory("1024Mi"));
    assert_eq!(spec["behavior"]["scaleDown"]["stabilizationWindowSeconds"], 5);
    assert_eq!(spec["behavior"]["scaleUp"]["selectPolicy"], "Max");
    let wrong = scaled(json!({ "maxReplicas": 4, "behavior": { "scaleUp": "fast" } }));
    let spec = &child(&wrong, "HorizontalPodAutoscaler", "a-query").unwrap().json["spec"];
    assert_eq!(spec["behavior"]["scaleUp"], "fast", "is for the API server to refuse");
}

#[test]
fn only_who_is_known_may_connect() {
    let from = json!([{ "ipBlock": { "cidr": "10.0.0.0/8" } }]);
    let built = one("store", json!({ "networkPolicy": { "enabled": true, "from": from } }));
    let spec = &child(&built, "NetworkPolicy", "a-store").unwrap().json["spec"];
    let peer = |node_type: &str| {
        json!({ "podSelector": { "matchLabels": {
            "app.kubernetes.io/name": "data", "app.kubernetes.io/instance": "a", "app.kubernetes.io/component": node_type,
        } } })
    };
    let rule = json!({ "from": [peer("store"), peer("query"), from[0]], "ports": [{ "port": 80, "protocol": "TCP" }] });
    assert_eq!(spec["ingress"], json!([rule]));
    assert_eq!(spec["policyTypes"], json!(["Ingress"]));
    assert!(names(&one("store", json!({ "networkPolicy": {} })), "NetworkPolicy").is_empty());
    let more = one(
        "store",
        json!({
            "networkPolicy": { "enabled": true },
            "sidecars": [{ "name": "s", "image": "i", "ports": [{ "containerPort": 81 }] }],
            "service": { "ports": [
                { "name": "https", "port": 443, "targetPort": 8443 }, { "name": "alias", "port": 8080, "targetPort": "http" },
                { "name": "dns", "port": 53, "protocol": "UDP" },
            ] },
        }),
    );
    let open = |port: u16, protocol: &str| json!({ "port": port, "protocol": protocol });
    assert_eq!(
        child(&more, "NetworkPolicy", "a-store").unwrap().json["spec"]["ingress"][0]["ports"],
        json!([open(80, "TCP"), open(81, "TCP"), open(8443, "TCP"), open(53, "UDP")])
    );
}

#[test]
fn a_vertical_autoscaler_is_about_the_container_of_the_node() {
    let given = json!({ "verticalAutoscaling": { "updateMode": "Initial", "maxAllowed": { "memory": "8Gi" } } });
    let built = one("query", given);
    assert_eq!(
        child(&built, "VerticalPodAutoscaler", "a-query").unwrap().json["spec"],
        json!({
            "targetRef": { "apiVersion": "apps/v1", "kind": "Deployment", "name": "a-query" },
            "updatePolicy": { "updateMode": "Initial" },
            "resourcePolicy": { "containerPolicies": [
                { "containerName": "query", "maxAllowed": { "memory": "8Gi" } },
                { "containerName": "*", "mode": "Off" },
            ] },
        })
    );
    let only_said = one("query", json!({ "verticalAutoscaling": {} }));
    let policy = &child(&only_said, "VerticalPodAutoscaler", "a-query").unwrap().json["spec"]["updatePolicy"];
    assert_eq!(*policy, json!({ "updateMode": "Off" }), "by default it only says what it would do");
    assert!(
        names(&one("query", json!({ "verticalAutoscaling": { "enabled": false } })), "VerticalPodAutoscaler")
            .is_empty()
    );
}

#[test]
fn metrics_are_scraped_once() {
    let built = one(
        "query",
        json!({ "serviceMonitor": { "interval": "30s", "labels": { "prometheus": "main" } }, "service": { "external": {} } }),
    );
    let monitor = &child(&built, "ServiceMonitor", "a-query").unwrap().json;
    assert_eq!(monitor["spec"]["endpoints"], json!([{ "port": "http", "path": "/status/metrics", "interval": "30s" }]));
    assert_eq!(monitor["metadata"]["labels"]["prometheus"], "main");
    let excluded = monitor["spec"]["selector"]["matchExpressions"][0]["key"].as_str().unwrap();
    let labels = |name: &str| &child(&built, "Service", name).unwrap().json["metadata"]["labels"];
    assert!(labels("a-query").get(excluded).is_none() && labels("a-query-external").get(excluded).is_some());
    assert!(names(&one("query", json!({ "serviceMonitor": { "enabled": false } })), "ServiceMonitor").is_empty());
}

#[test]
fn workloads_say_how_they_are_rolled_and_what_becomes_of_claims() {
    let built = one(
        "store",
        json!({
            "updateStrategy": { "partition": 1, "maxUnavailable": "50%" },
            "podManagementPolicy": "OrderedReady",
            "minReadySeconds": 5,
            "storageRetention": { "whenScaled": "Delete" },
            "storage": { "data": { "accessModes": ["ReadWriteOncePod"], "labels": { "team": "t" } } },
        }),
    );
    let spec = workload(&built);
    assert_eq!(
        spec["updateStrategy"],
        json!({ "type": "RollingUpdate", "rollingUpdate": { "partition": 1, "maxUnavailable": "50%" } })
    );
    assert_eq!(spec["podManagementPolicy"], "OrderedReady");
    assert_eq!(spec["minReadySeconds"], 5);
    assert_eq!(
        spec["persistentVolumeClaimRetentionPolicy"],
        json!({ "whenScaled": "Delete", "whenDeleted": "Retain" })
    );
    let claim = &spec["volumeClaimTemplates"][0];
    assert_eq!(claim["spec"]["accessModes"], json!(["ReadWriteOncePod"]));
    assert_eq!(claim["metadata"]["labels"]["team"], "t");
    assert_eq!(claim["metadata"]["labels"]["app.kubernetes.io/managed-by"], "data-operator");
    assert_eq!(child(&built, "StatefulSet", "a-store").unwrap().claims[0].1.as_str(), "1Gi");
    let plain = one("store", json!({}));
    assert_eq!(
        workload(&plain)["updateStrategy"],
        json!({ "type": "RollingUpdate", "rollingUpdate": { "partition": 0 } })
    );
    assert_eq!(workload(&plain)["podManagementPolicy"], "Parallel");
    let deployment = one("query", json!({ "updateStrategy": { "maxSurge": 1 } }));
    assert_eq!(
        workload(&deployment)["strategy"],
        json!({ "type": "RollingUpdate", "rollingUpdate": { "maxSurge": 1, "maxUnavailable": "25%" } })
    );
    for (given, surge, unavailable) in [
        (json!({}), json!(0), json!(1)),
        (json!({ "maxSurge": 0 }), json!(0), json!(1)),
        (json!({ "maxSurge": "0%" }), json!("0%"), json!(1)),
        (json!({ "maxSurge": 1 }), json!(1), json!(0)),
        (json!({ "maxSurge": "10%" }), json!("10%"), json!(0)),
        (json!({ "maxSurge": 1, "maxUnavailable": 2 }), json!(1), json!(2)),
    ] {
        let agent = one("agent", json!({ "updateStrategy": given }));
        let rolling = json!({ "maxSurge": surge, "maxUnavailable": unavailable });
        assert_eq!(workload(&agent)["updateStrategy"]["rollingUpdate"], rolling, "{given}");
    }
    assert_eq!(
        workload(&one("query", json!({ "updateStrategy": { "type": "Recreate" } })))["strategy"],
        json!({ "type": "Recreate" })
    );
}

#[test]
fn a_job_runs_once_for_each_configuration_and_image() {
    let job = |spec: Value| names(&one("setup", spec), "Job").remove(0);
    assert_eq!(job(json!({})), job(json!({ "resources": { "limits": { "cpu": 1 } } })));
    assert_ne!(job(json!({})), job(json!({ "image": "data:2" })));
    let overridden = json!({ "podOverrides": { "spec": { "restartPolicy": "Never", "containers": [{ "name": "setup", "image": "data:3" }] } } });
    assert_ne!(job(json!({})), job(overridden.clone()));
    assert_eq!(pod(&one("setup", json!({})))["restartPolicy"], "OnFailure");
    assert_eq!(pod(&one("setup", overridden))["restartPolicy"], "Never");
    assert!(names(&one("setup", json!({})), "Service").is_empty());
}

#[test]
fn overrides_are_merged_last_and_leave_the_wiring() {
    let built = one(
        "store",
        json!({
            "replicas": 2,
            "podOverrides": {
                "metadata": { "labels": { "mine": "1" }, "annotations": { "mine": "2" } },
                "spec": { "terminationGracePeriodSeconds": null, "topologySpreadConstraints": null, "containers": [
                    { "name": "store", "resources": { "limits": { "cpu": "1000m" } }, "volumeMounts": [{ "mountPath": "/data", "subPath": "s" }] },
                ] },
            },
            "terminationGracePeriodSeconds": 5,
        }),
    );
    let metadata = &workload(&built)["template"]["metadata"];
    assert_eq!((&metadata["labels"]["mine"], &metadata["annotations"]["mine"]), (&json!("1"), &json!("2")));
    assert_eq!(metadata["labels"]["app.kubernetes.io/component"], "store");
    let pod = pod(&built);
    assert_eq!((pod.get("terminationGracePeriodSeconds"), pod.get("topologySpreadConstraints")), (None, None));
    assert_eq!(pod["containers"][0]["resources"]["limits"]["cpu"], "1000m");
    let mounts = pod["containers"][0]["volumeMounts"].as_array().unwrap();
    assert!(mounts.contains(&json!({ "name": "data", "mountPath": "/data", "subPath": "s" })), "{mounts:?}");
}

#[test]
fn the_overrides_of_each_layer_are_applied_in_turn() {
    let store = |fields: Value| {
        let mut container = json!({ "name": "store" });
        container.as_object_mut().unwrap().extend(fields.as_object().unwrap().clone());
        json!({ "spec": { "containers": [container] } })
    };
    let built = blueprint(
        &DEFINITION,
        &json!({
            "image": "data:1",
            "defaults": { "podOverrides": store(json!({ "tty": true, "stdin": true, "lifecycle": { "preStop": { "exec": {} } } })) },
            "store": { "podOverrides": store(json!({ "tty": null, "lifecycle": { "$patch": "replace", "postStart": { "exec": {} } } })) },
        }),
    );
    let built = built.unwrap();
    let container = &pod(&built)["containers"][0];
    assert_eq!((container.get("tty"), &container["stdin"]), (None, &json!(true)));
    assert_eq!(container["lifecycle"], json!({ "postStart": { "exec": {} } }));
}

#[test]
fn what_is_wrong_is_refused_with_a_sentence() {
    let overrides = |patch: Value| json!({ "podOverrides": patch });
    let labels = |value: Value| overrides(json!({ "metadata": { "labels": { "app.kubernetes.io/name": value } } }));
    let own_label = "spec.store.podOverrides.metadata.labels.app.kubernetes.io/name: is the operator's own: pods are selected by it; leave it as it is";
    for (node, spec, sentence) in [
        ("store", labels(json!("x")), own_label),
        ("store", labels(Value::Null), own_label),
        (
            "store",
            overrides(json!({ "metadata": { "annotations": { "tests.example.com/config-hash": "x" } } })),
            "spec.store.podOverrides.metadata.annotations.tests.example.com/config-hash: is the operator's own; use another key",
        ),
        (
            "store",
            overrides(json!({ "spec": { "containers": [{ "name": "store", "$patch": "delete" }] } })),
            "spec.store.podOverrides.spec.containers: `store` is the node's own container; it can be changed, not removed",
        ),
        (
            "store",
            overrides(json!({ "metadata": { "name": "x" } })),
            "spec.store.podOverrides.metadata.name: pods are named by their workload; drop it",
        ),
        (
            "store",
            overrides(json!({ "spec": { "securityContext": 7 } })),
            "spec.store.podOverrides.spec.securityContext: must be a map, as it is in the pod template",
        ),
        (
            "store",
            overrides(json!({ "containers": [] })),
            "spec.store.podOverrides.containers: a pod template has `metadata` and `spec`",
        ),
        (
            "store",
            json!({ "sidecars": [{ "name": "store" }] }),
            "spec.store.sidecars: `store` is the node's own container; use another name, or change it by podOverrides",
        ),
        (
            "store",
            json!({ "volumes": [{ "name": "data" }] }),
            "spec.store.volumes: `data` is a volume of the operator's; use another name, or podOverrides",
        ),
        (
            "store",
            json!({ "volumeMounts": [{ "name": "x", "mountPath": "/tmp" }] }),
            "spec.store.volumeMounts: `/tmp` is mounted by the operator; use another path, or podOverrides",
        ),
        (
            "store",
            json!({ "ports": [{ "name": "http", "number": 1 }] }),
            "spec.store.ports: there is a port `http` already; use another name",
        ),
        (
            "store",
            json!({ "service": { "ports": [{ "name": "x", "port": 80 }] } }),
            "spec.store.service.ports: `x` has the number 80, which is that of `http`; use another",
        ),
        (
            "store",
            json!({ "service": { "type": "LoadBalancer" } }),
            "spec.store.service.type: the Service of a StatefulSet is headless, which gives its pods their names; write `service.external` for a further one",
        ),
        (
            "query",
            json!({ "service": { "sourceRanges": ["10.0.0.0/8"] } }),
            "spec.query.service.sourceRanges: goes with `type: LoadBalancer` only; drop one",
        ),
        (
            "query",
            json!({ "service": { "external": { "type": "NodePort", "loadBalancerClass": "x/y" } } }),
            "spec.query.service.external.loadBalancerClass: goes with `type: LoadBalancer` only; drop one",
        ),
        (
            "setup",
            json!({ "service": { "external": {} } }),
            "spec.setup.service.external: this node has no port; add one to `ports`",
        ),
        (
            "setup",
            json!({ "serviceMonitor": {} }),
            "spec.setup.serviceMonitor: this node has no port; add one to `ports`",
        ),
        ("setup", json!({ "ingress": {} }), "spec.setup.ingress: this node has no port; add one to `ports`"),
        (
            "query",
            json!({ "ingress": { "port": "x" } }),
            "spec.query.ingress.port: this node has no port `x`; it has: http",
        ),
        (
            "query",
            json!({ "autoscaling": { "maxReplicas": 2 } }),
            "spec.query.autoscaling: without metrics, the number of pods follows the CPU they use of what they request; set resources.requests.cpu, or metrics",
        ),
        (
            "query",
            json!({ "replicas": 2, "disruptionBudget": { "maxUnavailable": 1, "minAvailable": 1 } }),
            "spec.query.disruptionBudget: it has both maxUnavailable and minAvailable; keep one of them",
        ),
        (
            "query",
            json!({ "updateStrategy": { "type": "OnDelete" } }),
            "spec.query.updateStrategy.type: a Deployment has no `OnDelete`; write RollingUpdate or Recreate",
        ),
        (
            "store",
            json!({ "updateStrategy": { "type": "Recreate" } }),
            "spec.store.updateStrategy.type: a StatefulSet has no `Recreate`; write RollingUpdate or OnDelete",
        ),
        (
            "query",
            json!({ "updateStrategy": { "partition": 1 } }),
            "spec.query.updateStrategy.partition: a Deployment has no `partition`; it has: maxSurge, maxUnavailable",
        ),
        (
            "store",
            json!({ "updateStrategy": { "type": "OnDelete", "partition": 1 } }),
            "spec.store.updateStrategy.partition: goes with `type: RollingUpdate` only; drop one",
        ),
    ] {
        assert_eq!(refused(node, spec), [sentence]);
    }
}

#[test]
fn what_containers_name_must_be_in_the_finished_pod() {
    let mount = json!([{ "name": "v", "mountPath": "/v" }]);
    let missing = "`/v` mounts the volume `v`, which isn't there: add it to volumes; there are: empty-tmp, data";
    for (spec, sentence) in [
        (json!({ "volumeMounts": mount }), format!("spec.store.volumeMounts: {missing}")),
        (
            json!({ "sidecars": [{ "name": "s", "volumeMounts": mount }] }),
            format!("spec.store.sidecars[s].volumeMounts: {missing}"),
        ),
        (
            json!({ "initContainers": [{ "name": "i", "volumeMounts": mount }] }),
            format!("spec.store.initContainers[i].volumeMounts: {missing}"),
        ),
        (
            json!({ "podOverrides": { "spec": { "containers": [{ "name": "o", "volumeMounts": mount }] } } }),
            format!("spec.store.podOverrides.spec.containers[o].volumeMounts: {missing}"),
        ),
        (
            json!({ "livenessProbe": { "httpGet": { "port": "web" } } }),
            "spec.store.livenessProbe: the container has no port `web`; it has: http".to_owned(),
        ),
        (
            json!({ "sidecars": [{ "name": "s", "startupProbe": { "tcpSocket": { "port": "web" } } }] }),
            "spec.store.sidecars[s].startupProbe: the container has no port `web`; it has: none".to_owned(),
        ),
    ] {
        assert_eq!(refused("store", spec), [sentence]);
    }
    one(
        "store",
        json!({
            "volumeMounts": [{ "name": "data", "mountPath": "/more" }, { "name": "empty-tmp", "mountPath": "/less" }, mount[0]],
            "readinessProbe": { "httpGet": { "port": "web" } },
            "podOverrides": { "spec": {
                "volumes": [{ "name": "v", "emptyDir": {} }],
                "containers": [{ "name": "store", "ports": [{ "containerPort": 9, "name": "web" }] }],
            } },
        }),
    );
}

#[test]
fn what_nodes_share_says_nothing_to_a_node_that_cannot_have_it() {
    let shared = |defaults: Value, node: Value| {
        let spec = json!({ "image": "i", "defaults": defaults, "store": node, "query": {}, "agent": {}, "setup": {} });
        blueprint(&DEFINITION, &spec).unwrap()
    };
    let built = shared(
        json!({
            "updateStrategy": { "type": "Recreate" },
            "podManagementPolicy": "OrderedReady",
            "disruptionBudget": { "enabled": true },
            "serviceMonitor": {},
            "verticalAutoscaling": {},
            "service": { "type": "LoadBalancer", "loadBalancerClass": "x/y", "external": {} },
        }),
        json!({}),
    );
    let strategy = |kind: &str, field: &str| {
        built.objects.iter().find(|object| object.kind.kind == kind).unwrap().json["spec"][field].clone()
    };
    assert_eq!(strategy("Deployment", "strategy"), json!({ "type": "Recreate" }));
    for kind in ["StatefulSet", "DaemonSet"] {
        assert_eq!(strategy(kind, "updateStrategy")["type"], "RollingUpdate");
    }
    assert_eq!(names(&built, "PodDisruptionBudget"), ["a-store", "a-query"]);
    assert_eq!(names(&built, "ServiceMonitor"), ["a-store", "a-query", "a-agent"]);
    assert_eq!(names(&built, "VerticalPodAutoscaler"), ["a-store", "a-query", "a-agent"]);
    let service = |built: &Blueprint, name: &str| child(built, "Service", name).unwrap().json["spec"].clone();
    assert_eq!(service(&built, "a-store")["clusterIP"], "None");
    assert_eq!(service(&built, "a-query")["loadBalancerClass"], "x/y");
    // A node that wants another type needs no way to take the class back.
    let built = shared(
        json!({ "service": { "external": { "loadBalancerClass": "x/y", "sourceRanges": ["10.0.0.0/8"] } } }),
        json!({ "service": { "external": { "type": "NodePort" } } }),
    );
    let external = service(&built, "a-store-external");
    assert_eq!((external.get("loadBalancerClass"), external.get("loadBalancerSourceRanges")), (None, None));
    assert_eq!(service(&built, "a-query-external")["loadBalancerClass"], "x/y");
}

#[test]
fn what_kubernetes_takes_is_taken() {
    one("store", json!({ "tolerations": [{ "key": "a", "operator": "Exists", "value": "" }] }));
    let source = json!({ "fieldRef": { "fieldPath": "metadata.name" } });
    let built = one("store", json!({ "env": [{ "name": "A", "value": "", "valueFrom": source }] }));
    let env = pod(&built)["containers"][0]["env"].as_array().unwrap();
    let variable = env.iter().find(|variable| variable["name"] == "A").unwrap();
    assert!(variable["valueFrom"].is_object(), "{variable}");
}

/// Of node types that differ in nothing but the order in which their fields are declared.
#[test]
fn the_order_of_declarations_restarts_no_pods() {
    const fn file(file: &'static str, mount: &'static str) -> ConfigFile {
        ConfigFile {
            readers: &[],
            field: Some(file),
            file,
            mount,
            format: Format::Raw,
            with: None,
            reload: Reload::Pods,
        }
    }
    const fn secret(field: &'static str, file: &'static str) -> SecretField {
        SecretField { readers: &[], field, key: field, env: None, file: Some(file), folder: None, generate: None }
    }
    const fn kind(configs: &'static [ConfigFile], secrets: &'static [SecretField]) -> NodeTemplate {
        NodeTemplate { configs, secrets, ..with_port(Workload::Deployment) }
    }
    static ONE: Definition = Definition {
        node_types: &[node(
            "query",
            kind(
                &[file("a", "/etc"), file("b", "/etc"), file("c", "/c")],
                &[secret("s", "/etc/s"), secret("t", "/etc/t")],
            ),
        )],
        ..DATA
    };
    static OTHER: Definition = Definition {
        node_types: &[node(
            "query",
            kind(
                &[file("c", "/c"), file("b", "/etc"), file("a", "/etc")],
                &[secret("t", "/etc/t"), secret("s", "/etc/s")],
            ),
        )],
        ..DATA
    };
    let spec = json!({ "image": "i", "query": { "a": "1", "b": "2", "c": "3", "s": { "secretName": "x" }, "t": { "secretName": "y" } } });
    let template =
        |definition: &'static Definition| workload(&blueprint(definition, &spec).unwrap())["template"].clone();
    assert_eq!(template(&ONE), template(&OTHER));
}

#[test]
fn a_folder_has_all_keys_of_a_secret() {
    static TLS: Definition = Definition {
        node_types: &[node(
            "query",
            NodeTemplate {
                secrets: &[SecretField {
                    readers: &[],
                    field: "tls",
                    key: "tls",
                    env: None,
                    file: None,
                    folder: Some("/etc/tls"),
                    generate: None,
                }],
                ..with_port(Workload::Deployment)
            },
        )],
        ..DATA
    };
    let spec = |tls: Value| json!({ "image": "i", "query": { "tls": tls } });
    let built = blueprint(&TLS, &spec(json!({ "secretName": "x" }))).unwrap();
    let sources = json!([{ "secret": { "name": "x" } }]);
    let volumes = pod(&built)["volumes"].as_array().unwrap().clone();
    let volume = volumes.iter().find(|volume| volume["projected"]["sources"] == sources).unwrap();
    let mounts = pod(&built)["containers"][0]["volumeMounts"].as_array().unwrap().clone();
    let mount = mounts.iter().find(|mount| mount["name"] == volume["name"]).unwrap();
    assert_eq!((&mount["mountPath"], &mount["readOnly"]), (&"/etc/tls".into(), &true.into()));
    let read: Vec<String> = built.references().into_iter().map(ToString::to_string).collect();
    assert_eq!(read, ["Secret a-config-hash-key/key", "Secret x"], "each of its keys rolls the pods");
    let wrong = blueprint(&TLS, &spec(json!({ "secretName": "x", "key": "tls.crt" }))).unwrap_err();
    let message = "spec.query.tls.key: each key of the Secret becomes a file, called as the key: leave it out";
    assert_eq!(wrong.iter().map(ToString::to_string).collect::<Vec<_>>(), [message]);
    assert!(blueprint(&TLS, &spec(Value::Null)).is_ok(), "an optional one is left out");
}

#[test]
fn an_empty_probe_turns_off_what_stands_below() {
    static PROBED: Definition = Definition {
        node_types: &[node(
            "query",
            NodeTemplate {
                readiness: Some(Probe {
                    check: Check::Tcp { port: "http" },
                    period: None,
                    timeout: None,
                    failures: None,
                    delay: None,
                }),
                ..with_port(Workload::Deployment)
            },
        )],
        ..DATA
    };
    let overrides =
        json!({ "spec": { "containers": [{ "name": "query", "readinessProbe": { "$patch": "delete" } }] } });
    for (shared, own, there) in [
        (json!({}), json!({}), true),
        (json!({}), json!({ "readinessProbe": {} }), false),
        (json!({ "readinessProbe": { "exec": { "command": ["a"] } } }), json!({ "readinessProbe": {} }), false),
        (json!({}), json!({ "podOverrides": overrides }), false),
    ] {
        let spec = json!({ "image": "i", "defaults": shared, "query": own });
        let built = blueprint(&PROBED, &spec).unwrap();
        assert_eq!(pod(&built)["containers"][0].get("readinessProbe").is_some(), there, "{spec}");
    }
}

#[test]
fn an_autoscaler_sees_what_overrides_request() {
    let container = json!({ "name": "query", "resources": { "requests": { "cpu": "1" } } });
    let overrides = json!({ "spec": { "containers": [container] } });
    one("query", json!({ "autoscaling": { "maxReplicas": 2 }, "podOverrides": overrides }));
}

static CRON_JOB: ChildKind = ChildKind::of::<CronJob>();
static KINDS: [&ChildKind; 1] = [&CRON_JOB];

static CUSTOMIZED: Definition = Definition { node_types: &[node("query", with_port(Workload::Deployment))], ..DATA };

fn hooked() -> Author {
    Author { customize: Some(Customization { kinds: &KINDS, call: customize }), ..Author::from(&CUSTOMIZED) }
}

fn customize(spec: &Value, scope: &Scope<'_>, children: &mut Children) -> Result<(), HookError> {
    let cron_job = |name: Option<&str>, namespace: Option<&str>| {
        let mut cron_job = CronJob::default();
        cron_job.metadata.name = name.map(str::to_owned);
        cron_job.metadata.namespace = namespace.map(str::to_owned);
        cron_job
    };
    if scope.node.is_none() {
        return children.add(cron_job(Some("a-backup"), None));
    }
    match spec["do"].as_str().unwrap_or_default() {
        "sidecar" => children.pod(|template| {
            template.metadata.get_or_insert_default().labels = None;
            let from = SecretEnvSource { name: "theirs".to_owned(), optional: None };
            template.spec.get_or_insert_default().containers.push(Container {
                name: "aside".to_owned(),
                env_from: Some(vec![EnvFromSource { secret_ref: Some(from), ..EnvFromSource::default() }]),
                ..Container::default()
            });
        }),
        "replace" => children.pod(|template| {
            let containers = &mut template.spec.get_or_insert_default().containers;
            *containers = vec![Container { name: "query".to_owned(), ..Container::default() }];
        }),
        "change" => {
            assert!(children.get::<PodDisruptionBudget>("a-query")?.is_some());
            children.change::<PodDisruptionBudget>("a-query", |budget| {
                budget.spec.get_or_insert_default().max_unavailable = Some(IntOrString::Int(2));
            })?;
            children.change_all::<Service>(|service| {
                service.metadata.labels = None;
                service.spec.get_or_insert_default().session_affinity = Some("ClientIP".to_owned());
            })
        }
        "drop" => {
            assert_eq!(children.names::<PodDisruptionBudget>(), ["a-query"]);
            children.drop::<PodDisruptionBudget>("a-query")
        }
        "select others" => children.change::<Deployment>("a-query", |deployment| {
            deployment.spec.get_or_insert_default().selector.match_labels = None;
        }),
        "drop the workload" => children.drop::<Deployment>("a-query"),
        "drop nothing" => children.drop::<StatefulSet>("a-query"),
        "nameless" => children.add(cron_job(None, None)),
        "elsewhere" => children.add(cron_job(Some("x"), Some("other"))),
        "unknown" => children.add(k8s_openapi::api::core::v1::LimitRange::default()),
        "twice" => {
            let mut service = Service::default();
            service.metadata.name = Some("a-query".to_owned());
            children.add(service)
        }
        _ => Ok(()),
    }
}

fn customized(what: &str) -> Result<Blueprint, Vec<String>> {
    blueprint(hooked(), &json!({ "image": "data:1", "do": what, "query": { "replicas": 2 } }))
}

#[test]
fn a_hook_changes_adds_and_drops() {
    let plain = customized("").unwrap();
    assert_eq!(names(&plain, "CronJob"), ["a-backup"]);
    assert_eq!(child(&plain, "CronJob", "a-backup").unwrap().json["apiVersion"], "batch/v1");
    let changed = customized("change").unwrap();
    assert_eq!(child(&changed, "PodDisruptionBudget", "a-query").unwrap().json["spec"]["maxUnavailable"], 2);
    let service = &child(&changed, "Service", "a-query").unwrap().json;
    assert_eq!(service["spec"]["sessionAffinity"], "ClientIP");
    assert_eq!(service["metadata"]["labels"]["app.kubernetes.io/managed-by"], "data-operator");
    assert!(names(&customized("drop").unwrap(), "PodDisruptionBudget").is_empty());
    let untouched = |blueprint: &Blueprint| child(blueprint, "Deployment", "a-query").unwrap().intent;
    assert_eq!(untouched(&changed), untouched(&plain));
    assert_eq!(untouched(&customized("select others").unwrap()), untouched(&plain), "put back");
}

#[test]
fn what_a_hook_adds_to_the_pods_counts_and_is_confined() {
    let built = customized("sidecar").unwrap();
    let read: Vec<String> = built.references().iter().map(ToString::to_string).collect();
    assert_eq!(read, ["Secret a-config-hash-key/key", "Secret theirs"]);
    let hash = child(&built, "Deployment", "a-query").unwrap().hash.as_ref().unwrap();
    let waits = hash.reads.iter().all(|(secret, optional)| secret.source == Source::Secret && !optional);
    assert!(waits && hash.reads.len() == 2, "its pods wait for them: {:?}", hash.reads);
    let aside = &pod(&built)["containers"][1];
    assert_eq!(aside["securityContext"]["allowPrivilegeEscalation"], false);
    let replaced = customized("replace").unwrap();
    assert_eq!(pod(&replaced)["containers"][0]["securityContext"]["allowPrivilegeEscalation"], false);
    let labels = &workload(&built)["template"]["metadata"]["labels"];
    assert_eq!(labels["app.kubernetes.io/name"], "data", "put back");
    let secret = hash.reads[0].0.clone();
    let with = |contents: BTreeMap<Reference, Content>| {
        let objects = built.with(&contents);
        let object = objects.iter().find(|object| object.kind.kind == "Deployment").unwrap().clone();
        let annotation = &object.json["spec"]["template"]["metadata"]["annotations"][hash.annotation.as_str()];
        assert_eq!(*annotation, hash.value(&contents));
        (hash.value(&contents), object.intent)
    };
    let unknown = with(BTreeMap::new());
    let there = with(BTreeMap::from([(secret, Content::Present(Digest::of(&"theirs".into())))]));
    assert!(there.0 != unknown.0 && there.1 != unknown.1, "its pods are replaced when it changes");
}

#[test]
fn a_hook_is_told_what_it_did_wrong() {
    for (what, sentence) in [
        (
            "drop the workload",
            "spec.query: the hook dropped the node's workload; leave the node out of the spec instead",
        ),
        ("drop nothing", "spec.query: there is no StatefulSet a-query; there is no object of this kind"),
        ("nameless", "spec.query: the CronJob that is added has no metadata.name; give it one"),
        (
            "elsewhere",
            "spec.query: the CronJob x is in namespace other; children are in that of the cluster, default: leave it out",
        ),
        (
            "unknown",
            "spec.query: LimitRange (v1) is no kind that is watched; name it in `const KINDS` of `impl Customize`",
        ),
        ("twice", "spec.query: there is a Service a-query already; change it, or use another name"),
    ] {
        assert_eq!(customized(what).map(|_| ()).unwrap_err(), [sentence]);
    }
}
