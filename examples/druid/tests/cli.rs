//! The command line, as its user has it: `crd`, `run`, `plan`.

#![allow(clippy::unwrap_used, reason = "a test may stop at what it did not expect")]

use std::{
    io::{BufRead, BufReader, Read, Write},
    path::{Path, PathBuf},
    process::{Child, Command, Stdio},
    time::Duration,
};

use druid_operator::Druid;
use k8s_openapi::{
    ByteString,
    api::core::v1::{ResourceQuota, Secret, Service},
};
use kube::{
    Api, Client, CustomResourceExt,
    api::{DeleteParams, Patch, PatchParams, PostParams},
    runtime::wait::{await_condition, conditions},
};
use operator_testbed::Testbed;
use serde_json::{Value, json};

const OPERATOR: &str = env!("CARGO_BIN_EXE_druid-operator");
const CLUSTER: &str = include_str!("../cluster.yaml");

/// The value of a Secret, which is never to be seen.
const PASSWORD: &str = "try-only";
/// How long anything may take.
const PATIENCE: Duration = Duration::from_secs(60);

/// The operator on a stack of 512 KiB, a quarter of what threads have by default: more would be too near to it where a struct is larger.
fn operator() -> Command {
    let mut command = Command::new("sh");
    command.args(["-c", r#"ulimit -s 512; exec "$0" "$@""#, OPERATOR]);
    command
}

fn crd() -> Value {
    let printed = operator().arg("crd").output().unwrap();
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
fn the_definition_is_right() {
    operator_core::check::<Druid>().unwrap();
}

#[test]
fn the_definition_explains_itself_for_every_node_type() {
    let crd = crd();
    let compact = crd.to_string().len();
    println!("the CustomResourceDefinition has {compact} bytes");
    // It is installed by server-side apply, which keeps no copy of it in an annotation. etcd takes requests of 1.5 MiB.
    assert!(compact < 1024 * 1024, "{compact} bytes");
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
fn what_each_node_type_has_is_described_without_a_kubernetes_cluster() {
    let described = |output: &str| {
        let printed = operator().args(["describe", "-o", output]).env("KUBECONFIG", "/nowhere").output().unwrap();
        assert!(printed.status.success());
        String::from_utf8(printed.stdout).unwrap()
    };
    let text = described("text");
    for line in [
        "historical: spec.historicals.<key>\n  StatefulSet <cluster>-historical-<key>, order 1\n  ports     http 8083/TCP\n",
        "router: spec.routers, optional\n  Deployment <cluster>-router, order 4\n",
        "/druid/segments: a volume of 50Gi",
        "/etc/druid/node/runtime.properties: spec.historicals[].runtime",
        "METADATA_PASSWORD: the key password of the Secret in spec.metadataPassword",
        "  talks to  coordinator, historical, middlemanager\n",
        "zookeeper: spec.zookeeper, ready when it takes a connection",
    ] {
        assert!(text.contains(line), "{line}\n{text}");
    }
    let json: Value = serde_json::from_str(&described("json")).unwrap();
    assert_eq!(json["nodeTypes"][2]["name"], "broker");
    assert_eq!(json["nodeTypes"][2]["ports"], json!(["http 8082/TCP"]));
    let picture = described("mermaid");
    for line in
        ["flowchart LR", r#"node-broker["broker<br>Deployment<br>http 8082/TCP"]"#, "node-broker --> node-historical"]
    {
        assert!(picture.contains(line), "{line}\n{picture}");
    }
}

#[test]
fn a_node_is_explained_without_a_kubernetes_cluster() {
    let explain = |node: &str| {
        let file = concat!(env!("CARGO_MANIFEST_DIR"), "/cluster.yaml");
        let output = operator()
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

#[test]
fn nobody_has_to_read_the_definition_to_its_end() {
    let mut child = operator().arg("crd").stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
    let mut begin = [0; 100];
    // Dropped afterwards, as by `head`; the definition doesn't fit into a pipe.
    child.stdout.take().unwrap().read_exact(&mut begin).unwrap();
    let output = child.wait_with_output().unwrap();
    assert!(output.status.success() && output.stderr.is_empty(), "{output:?}");
}

/// An operator that ends with this process, however that ends: the shell waits for the pipe to close.
fn run(kubeconfig: &Path, namespace: &str) -> Child {
    Command::new("sh")
        .args([
            "-c",
            r#"ulimit -s 512; "$0" run --log-format json --skip-external-checks --namespace "$1" --dump-snapshot "$2" & cat >/dev/null; kill $!; wait $!"#,
            OPERATOR,
            namespace,
        ])
        .arg(snapshots(kubeconfig))
        .env("KUBECONFIG", kubeconfig)
        .stdin(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap()
}

/// The folder into which the operator writes its snapshots, not there yet.
fn snapshots(kubeconfig: &Path) -> PathBuf {
    kubeconfig.with_file_name("snapshots").join("of-the-operator")
}

/// What a command printed.
#[derive(Debug)]
struct Printed {
    success: bool,
    stdout: String,
    stderr: String,
}

/// `plan` for what standard input has.
async fn plan_with(kubeconfig: &Path, options: &'static [&'static str], content: impl Into<String>) -> Printed {
    let (kubeconfig, content) = (kubeconfig.to_owned(), content.into());
    let command = move || {
        let mut command = operator();
        command.args(["plan", "--filename", "-"]).args(options).env("KUBECONFIG", kubeconfig);
        let pipes = command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
        let mut child = pipes.spawn().unwrap();
        child.stdin.take().unwrap().write_all(content.as_bytes()).unwrap();
        child.wait_with_output().unwrap()
    };
    let output = tokio::task::spawn_blocking(command).await.unwrap();
    let text = |bytes: Vec<u8>| String::from_utf8(bytes).unwrap();
    Printed { success: output.status.success(), stdout: text(output.stdout), stderr: text(output.stderr) }
}

/// The same, where it doesn't fail.
async fn plan(kubeconfig: &Path, content: impl Into<String>) -> String {
    let printed = plan_with(kubeconfig, &[], content).await;
    assert!(printed.success, "{printed:?}");
    printed.stdout
}

/// Fails where a plan lacks this text.
#[track_caller]
fn assert_shows(plan: &str, text: &str) {
    assert!(plan.contains(text), "not shown:\n{text}\nbut:\n{plan}");
}

/// A file that can't be planned is said to be so in words that its author knows.
async fn wrong_files_are_explained(kubeconfig: &Path, cluster: &str) {
    let service = "apiVersion: v1\nkind: Service\nmetadata: { name: other }\n";
    let wrong = async |content: String| plan_with(kubeconfig, &[], content).await.stderr;
    let twice = wrong(format!("{cluster}\n---\n{cluster}")).await;
    assert_shows(&twice, "standard input: there are 2 objects of kind Druid in it");
    assert_shows(&wrong(service.to_owned()).await, "there is no Druid in it: it has Service other");
    assert_shows(&wrong("kind: Druid".to_owned()).await, "write `apiVersion: druid.example.com/v1alpha1`");
}

/// Neither `plan` nor `run` leaves anyone wondering why nothing happens.
async fn what_is_missing_is_said(kubeconfig: &Path, cluster: &str) {
    let early = plan_with(kubeconfig, &[], cluster).await;
    assert!(!early.success, "{early:?}");
    assert_shows(&early.stderr, "install it first");
    assert_shows(&early.stderr, "kubectl apply --server-side -f -");
    let mut operator = run(kubeconfig, "default");
    let stderr = operator.stderr.take().unwrap();
    let lines = tokio::task::spawn_blocking(move || {
        BufReader::new(stderr).lines().map_while(Result::ok).find(|line| line.contains("waiting"))
    });
    let line = tokio::time::timeout(Duration::from_secs(5), lines).await.unwrap().unwrap();
    assert_shows(&line.unwrap_or_default(), "the API server has no druids.druid.example.com");
    drop(operator.stdin.take());
    operator.wait().unwrap();

    let nowhere = kubeconfig.with_file_name("nowhere.kubeconfig");
    let mut config: Value = serde_saphyr::from_str(&std::fs::read_to_string(kubeconfig).unwrap()).unwrap();
    config["clusters"][0]["cluster"]["server"] = "https://127.0.0.1:1".into();
    std::fs::write(&nowhere, config.to_string()).unwrap();
    let unreachable = plan_with(&nowhere, &[], cluster).await;
    assert_shows(&unreachable.stderr, "no answer from the API server at https://127.0.0.1:1: ");
    assert_shows(&unreachable.stderr, "Connection refused");
}

/// A first plan knows what is there, shows the files, and has the API server's word on each write.
async fn a_first_plan_says_what_is_in_the_way(kubeconfig: &Path, client: &Client, namespace: &str, cluster: &str) {
    let waiting = plan(kubeconfig, cluster).await;
    assert_shows(&waiting, "? coordinator: Secret druid-metadata/password is not there yet\n");
    assert_shows(&waiting, "+ Service wiki-coordinator\n");
    assert_shows(&waiting, "    data[runtime.properties]:\n      + druid.indexer.task.baseTaskDir=/druid/tasks\n");
    assert!(!waiting.contains("+ StatefulSet wiki-coordinator\n"), "{waiting}");
    let secret = json!({ "metadata": { "name": "druid-metadata" }, "stringData": { "password": PASSWORD } });
    let secrets: Api<Secret> = Api::namespaced(client.clone(), namespace);
    secrets.create(&PostParams::default(), &serde_json::from_value(secret).unwrap()).await.unwrap();
    let before = plan(kubeconfig, cluster).await;
    assert_shows(&before, "+ StatefulSet wiki-coordinator\n");
    assert!(before.ends_with("\n\n18 to create, 0 to change, 0 to replace, 0 to delete\n"), "{before}");

    let services: Api<Service> = Api::namespaced(client.clone(), namespace);
    let service = json!({ "metadata": { "name": "wiki-broker" }, "spec": { "ports": [{ "port": 80 }] } });
    services.create(&PostParams::default(), &serde_json::from_value(service).unwrap()).await.unwrap();
    let taken = plan(kubeconfig, cluster).await;
    assert_shows(
        &taken,
        "? Service wiki-broker is there already and nobody's: delete it, or give this cluster another name\n",
    );
    assert_shows(&taken, "? broker: waits for Service wiki-broker\n");
    assert!(!taken.contains("+ Service wiki-broker\n") && !taken.contains("+ Deployment wiki-broker\n"), "{taken}");
    services.delete("wiki-broker", &DeleteParams::default()).await.unwrap();

    let quotas: Api<ResourceQuota> = Api::namespaced(client.clone(), namespace);
    let quota = json!({ "metadata": { "name": "few" }, "spec": { "hard": { "services": "0" } } });
    quotas.create(&PostParams::default(), &serde_json::from_value(quota).unwrap()).await.unwrap();
    // It counts once the quota controller has seen it.
    let has_status = |quota: Option<&ResourceQuota>| {
        quota.is_some_and(|quota| quota.status.as_ref().is_some_and(|status| status.hard.is_some()))
    };
    tokio::time::timeout(PATIENCE, await_condition(quotas.clone(), "few", has_status)).await.unwrap().unwrap();
    let refused = plan_with(kubeconfig, &[], cluster).await;
    assert!(!refused.success, "{refused:?}");
    assert_shows(
        &refused.stdout,
        "+ Service wiki-broker\n    refused: services \"wiki-broker\" is forbidden: exceeded quota: few",
    );
    assert_shows(&refused.stderr, "the API server would refuse 5 of these writes");
    quotas.delete("few", &DeleteParams::default()).await.unwrap();
}

/// What a changed file changes on the API server.
async fn changes_are_shown_field_by_field(kubeconfig: &Path, cluster: &str) {
    // Also where pods refer to Secrets, whose content is part of their hash.
    assert_eq!(plan(kubeconfig, cluster).await, "nothing to do\n");
    let service = "apiVersion: v1\nkind: Service\nmetadata: { name: other }\n";
    assert_eq!(plan(kubeconfig, format!("{service}---\n{cluster}")).await, "nothing to do\n");
    let image = plan(kubeconfig, cluster.replacen("apache/druid:", "example.com/druid:", 1)).await;
    assert_shows(
        &image,
        "~ Deployment wiki-broker  (replaces its pods)\n    spec.template.spec.containers[broker].image: \
         \"apache/druid:34.0.0\" -> \"example.com/druid:34.0.0\"\n",
    );
    let file = plan(kubeconfig, cluster.replacen("numMergeBuffers: 2", "numMergeBuffers: 3", 1)).await;
    let lines = "    data[runtime.properties]:\n        druid.processing.buffer.sizeBytes=50000000\n      \
                 - druid.processing.numMergeBuffers=2\n      + druid.processing.numMergeBuffers=3\n        \
                 druid.processing.numThreads=1\n";
    assert_shows(&file, &format!("\n{}", lines.lines().skip(1).collect::<Vec<_>>().join("\n")));
    assert_shows(&file, "+ ConfigMap wiki-broker-runtime.properties-");
    assert_shows(&file, "  (after wiki-broker-runtime.properties-");
    assert!(file.ends_with("\n1 to create, 1 to change, 0 to replace, 0 to delete\n"), "{file}");
    let monitored = plan(kubeconfig, cluster.replacen("routers: {}", "routers: { serviceMonitor: { port: http } }", 1));
    let expected = "? ServiceMonitor wiki-router is left out: its CRD is not installed\n\nnothing to do\n";
    assert_eq!(monitored.await, expected);
    let grown = plan(kubeconfig, cluster.replacen("size: 20Gi", "size: 30Gi", 1)).await;
    assert_shows(
        &grown,
        "! StatefulSet wiki-historical-hot  (deleted and created again; its pods go on running)\n    \
         spec.volumeClaimTemplates[segments].spec.resources.requests.storage: \"20Gi\" -> \"30Gi\"\n",
    );
    for ordinal in 0..2 {
        let claim = format!("~ PersistentVolumeClaim segments-wiki-historical-hot-{ordinal}\n");
        assert_shows(&grown, &(claim + "    spec.resources.requests.storage: \"20Gi\" -> \"30Gi\"\n"));
    }
    assert!(grown.ends_with("\n0 to create, 2 to change, 1 to replace, 0 to delete\n"), "{grown}");
    let wrong = plan_with(kubeconfig, &[], cluster.replacen("replicas: 2", "replicas: -2", 1)).await;
    assert!(!wrong.success && wrong.stderr.contains("should be greater than or equal to 0"), "{wrong:?}");
}

/// What a file no longer has is deleted.
async fn a_node_that_is_gone_from_the_file_is_deleted(kubeconfig: &Path, cluster: &str) {
    let (shorter, _) = cluster.split_once("  middleManagers:").unwrap();
    let removed = plan(kubeconfig, shorter).await;
    assert_shows(&removed, "- StatefulSet wiki-middlemanager\n");
    assert_shows(&removed, "- Service wiki-middlemanager\n");
    assert!(removed.ends_with("\n0 to create, 0 to change, 0 to replace, 3 to delete\n"), "{removed}");
}

/// Programs read the plan, its changes and what it was made from; none of them has the value of a Secret.
async fn a_plan_can_be_read_by_programs(kubeconfig: &Path, cluster: &str) {
    let changed = cluster.replacen("apache/druid:", "example.com/druid:", 1);
    let json = plan_with(kubeconfig, &["-o", "json"], &*changed).await.stdout;
    let yaml = plan_with(kubeconfig, &["-o", "yaml"], &*changed).await.stdout;
    let printed: Value = serde_json::from_str(&json).unwrap();
    assert_eq!(printed["plan"]["actions"][0]["verb"], "apply");
    assert_eq!(printed["snapshot"]["cluster"]["name"], "wiki");
    assert_eq!(printed["changes"][0]["differences"][0]["to"], "example.com/druid:34.0.0", "{json}");
    let from_yaml: Value = serde_saphyr::from_str(&yaml).unwrap();
    assert_eq!(from_yaml["changes"], printed["changes"]);
    let encoded = json!(ByteString(PASSWORD.into()));
    let encoded = encoded.as_str().unwrap();
    for text in [json, yaml] {
        assert!(!text.contains(PASSWORD) && !text.contains(encoded), "{text}");
    }
}

#[tokio::test]
async fn an_operator_runs_and_its_plan_tells_what_it_would_do() {
    let testbed = Testbed::shared().await.unwrap();
    let client = testbed.client().await.unwrap();
    let namespace = testbed.namespace("cli").await.unwrap();
    let kubeconfig = testbed.kubeconfig();
    let there = format!("  namespace: {}\n  name: wiki\n", namespace.name());
    let cluster = &*CLUSTER.replacen("  name: wiki\n", &there, 1);

    wrong_files_are_explained(kubeconfig, cluster).await;
    what_is_missing_is_said(kubeconfig, cluster).await;
    let crds = Api::all(client.clone());
    crds.patch(Druid::crd_name(), &PatchParams::apply("tests"), &Patch::Apply(crd())).await.unwrap();
    await_condition(crds, Druid::crd_name(), conditions::is_crd_established()).await.unwrap();
    a_first_plan_says_what_is_in_the_way(kubeconfig, &client, namespace.name(), cluster).await;

    let mut operator = run(kubeconfig, namespace.name());
    let druids: Api<Druid> = Api::namespaced(client, namespace.name());
    let object: Value = serde_saphyr::from_str(cluster).unwrap();
    druids.patch("wiki", &PatchParams::apply("tests"), &Patch::Apply(object)).await.unwrap();
    let is_ready =
        |druid: Option<&Druid>| druid.and_then(|druid| druid.status.as_ref()).is_some_and(|status| status.is_ready());
    tokio::time::timeout(PATIENCE, await_condition(druids, "wiki", is_ready)).await.unwrap().unwrap();

    changes_are_shown_field_by_field(kubeconfig, cluster).await;
    a_node_that_is_gone_from_the_file_is_deleted(kubeconfig, cluster).await;
    a_plan_can_be_read_by_programs(kubeconfig, cluster).await;

    drop(operator.stdin.take());
    let mut logs = String::new();
    operator.stderr.take().unwrap().read_to_string(&mut logs).unwrap();
    operator.wait().unwrap();
    let lines: Vec<Value> = logs.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    let said = |message: &str| lines.iter().any(|line| line["fields"]["message"] == message);
    assert!(said("running") && said("applied") && said("ended"), "{logs}");
    assert!(said("snapshots and plans are written into this folder"), "{logs}");
    let snapshots: Vec<_> =
        std::fs::read_dir(snapshots(kubeconfig)).unwrap().map(|entry| entry.unwrap().path()).collect();
    let snapshot: Value = serde_json::from_slice(&std::fs::read(snapshots.first().unwrap()).unwrap()).unwrap();
    assert_eq!(snapshot["snapshot"]["cluster"]["name"], "wiki");
}
