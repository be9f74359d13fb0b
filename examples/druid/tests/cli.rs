//! The command line, as its user has it: `crd`, `run`, `plan`.

#![allow(clippy::unwrap_used, reason = "a test may stop at what it did not expect")]

use std::{
    io::Read,
    process::{Child, Command, Stdio},
    time::Duration,
};

use druid_operator::Druid;
use k8s_openapi::api::core::v1::Secret;
use kube::{
    Api, CustomResourceExt,
    api::{Patch, PatchParams},
    runtime::wait::{await_condition, conditions},
};
use operator_testbed::Testbed;
use serde_json::Value;

const OPERATOR: &str = env!("CARGO_BIN_EXE_druid-operator");
const CLUSTER: &str = include_str!("../cluster.yaml");

fn crd() -> Value {
    let printed = Command::new(OPERATOR).arg("crd").output().unwrap();
    assert!(printed.status.success());
    serde_saphyr::from_str(&String::from_utf8(printed.stdout).unwrap()).unwrap()
}

/// The fields below that `kubectl explain` would say nothing about.
fn undescribed(schema: &Value, path: &str, found: &mut Vec<String>) {
    for (name, field) in schema["properties"].as_object().into_iter().flatten() {
        let path = format!("{path}.{name}");
        undescribed(field, &path, found);
        if !field["description"].is_string() {
            found.push(path);
        }
    }
    for key in ["items", "additionalProperties"] {
        if schema[key].is_object() {
            undescribed(&schema[key], path, found);
        }
    }
}

#[test]
fn the_definition_is_small_enough_to_apply_and_explains_itself() {
    let crd = crd();
    let compact = crd.to_string().len();
    println!("the CustomResourceDefinition has {compact} bytes");
    assert!(compact < 256 * 1024, "{compact} bytes");
    assert_eq!(crd["spec"]["names"]["shortNames"], serde_json::json!(["dr"]));
    let version = &crd["spec"]["versions"][0];
    let columns: Vec<&str> = version["additionalPrinterColumns"]
        .as_array()
        .unwrap()
        .iter()
        .filter_map(|column| column["name"].as_str())
        .collect();
    assert_eq!((columns.first(), columns.last()), (Some(&"Ready"), Some(&"Age")));
    let spec = &version["schema"]["openAPIV3Schema"]["properties"]["spec"]["properties"];
    let mut silent = Vec::new();
    undescribed(&version["schema"]["openAPIV3Schema"]["properties"]["spec"], "spec", &mut silent);
    assert!(silent.is_empty(), "not described: {silent:#?}");
    for setting in spec["brokers"]["properties"].as_object().unwrap().values() {
        assert!(setting.get("default").is_none(), "a stored default would beat every lower layer: {setting}");
    }
}

#[test]
fn a_node_is_explained_without_a_kubernetes_cluster() {
    let explain = |node: &str| {
        let file = concat!(env!("CARGO_MANIFEST_DIR"), "/cluster.yaml");
        let output = Command::new(OPERATOR)
            .args(["plan", "--filename", file, "--explain", node])
            .env("KUBECONFIG", "/dev/null")
            .output()
            .unwrap();
        let text = |bytes: Vec<u8>| String::from_utf8(bytes).unwrap();
        (text(output.stdout), text(output.stderr))
    };
    let (table, _) = explain("historical-hot");
    let row = |field: &str| {
        let line = table.lines().find(|line| line.split("  ").next() == Some(field)).unwrap_or_default();
        line.split("  ").map(str::trim).filter(|cell| !cell.is_empty()).skip(1).collect::<Vec<_>>()
    };
    assert_eq!(row("replicas"), ["2", "node"], "{table}");
    assert_eq!(row("env[DRUID_XMS]"), ["\"1g\"", "config group data"], "{table}");
    assert_eq!(row("terminationGracePeriodSeconds"), ["300", "operator's attributes"], "{table}");
    assert_eq!(row("image"), ["\"apache/druid:34.0.0\"", "cluster image"], "{table}");
    assert_eq!(row("storage.segments.size"), ["\"20Gi\"", "node"], "{table}");
    let unknown = explain("historical");
    assert!(unknown.1.contains("there is no node `historical`; there are: historical-hot, "), "{unknown:?}");
}

/// An operator that ends with this process, however that ends: the shell waits for the pipe to close.
fn run(kubeconfig: &std::path::Path, namespace: &str) -> Child {
    Command::new("sh")
        .args([
            "-c",
            r#""$0" run --log-format json --skip-external-checks --namespace "$1" & cat >/dev/null; kill $!; wait $!"#,
            OPERATOR,
            namespace,
        ])
        .env("KUBECONFIG", kubeconfig)
        .stdin(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap()
}

/// Exit status, standard output and standard error of `plan` for a file with this content.
async fn plan(kubeconfig: &std::path::Path, content: String) -> (bool, String, String) {
    let file = kubeconfig.with_file_name("cluster-to-plan.yaml");
    std::fs::write(&file, content).unwrap();
    let (kubeconfig, path) = (kubeconfig.to_owned(), file.clone());
    let command = move || {
        Command::new(OPERATOR).args(["plan", "--filename"]).arg(path).env("KUBECONFIG", kubeconfig).output().unwrap()
    };
    let output = tokio::task::spawn_blocking(command).await.unwrap();
    let text = |bytes: Vec<u8>| String::from_utf8(bytes).unwrap();
    (output.status.success(), text(output.stdout), text(output.stderr))
}

#[tokio::test]
async fn an_operator_runs_and_its_plan_tells_what_it_would_do() {
    let testbed = Testbed::shared().await.unwrap();
    let client = testbed.client().await.unwrap();
    let namespace = testbed.namespace("cli").await.unwrap();
    let kubeconfig = testbed.kubeconfig();
    let there = format!("  namespace: {}\n  name: wiki\n", namespace.name());
    let cluster = CLUSTER.replacen("  name: wiki\n", &there, 1);

    let early = plan(kubeconfig, cluster.clone()).await;
    assert!(!early.0 && early.2.contains("install it first"), "{early:?}");
    let crds = Api::all(client.clone());
    crds.patch(Druid::crd_name(), &PatchParams::apply("tests"), &Patch::Apply(crd())).await.unwrap();
    await_condition(crds, Druid::crd_name(), conditions::is_crd_established()).await.unwrap();

    let (_, before, error) = plan(kubeconfig, cluster.clone()).await;
    assert!(before.contains("+ Deployment wiki-broker\n"), "{before}{error}");
    assert!(before.ends_with(" to create, 0 to change, 0 to replace, 0 to delete\n"), "{before}");

    let secrets: Api<Secret> = Api::namespaced(client.clone(), namespace.name());
    let secret = serde_json::json!({ "stringData": { "password": "secret" } });
    secrets.patch("druid-metadata", &PatchParams::apply("tests"), &Patch::Apply(secret)).await.unwrap();

    let mut operator = run(kubeconfig, namespace.name());
    let druids: Api<Druid> = Api::namespaced(client, namespace.name());
    let object: Value = serde_saphyr::from_str(&cluster).unwrap();
    druids.patch("wiki", &PatchParams::apply("tests"), &Patch::Apply(object)).await.unwrap();
    let is_ready =
        |druid: Option<&Druid>| druid.and_then(|druid| druid.status.as_ref()).is_some_and(|status| status.is_ready());
    tokio::time::timeout(Duration::from_secs(60), await_condition(druids, "wiki", is_ready)).await.unwrap().unwrap();

    assert_eq!(plan(kubeconfig, cluster.clone()).await.1, "nothing to do\n");
    let changed = cluster.replacen("apache/druid:", "example.com/druid:", 1);
    let (_, after, _) = plan(kubeconfig, changed).await;
    assert!(
        after.contains("~ Deployment wiki-broker\n    spec.template.spec.containers[broker].image: \"apache/druid:"),
        "{after}"
    );
    let wrong = plan(kubeconfig, cluster.replacen("replicas: 2", "replicas: -2", 1)).await;
    assert!(!wrong.0 && wrong.2.contains("should be greater than or equal to 0"), "{wrong:?}");

    drop(operator.stdin.take());
    let mut logs = String::new();
    operator.stderr.take().unwrap().read_to_string(&mut logs).unwrap();
    operator.wait().unwrap();
    let lines: Vec<Value> = logs.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    let said = |message: &str| lines.iter().any(|line| line["fields"]["message"] == message);
    assert!(said("running") && said("applied") && said("ended"), "{logs}");
}
