//! The testbed against a real control plane: what its users rely on.

// Clippy takes only functions marked as tests for tests, not their helpers.
#![allow(clippy::unwrap_used, clippy::expect_used)]

use std::env;
use std::fs;
use std::io::{self, BufRead, BufReader, Write};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use k8s_openapi::api::apps::v1::{Deployment, StatefulSet};
use k8s_openapi::api::core::v1::{ConfigMap, Namespace, PersistentVolumeClaim, Pod};
use kube::api::{Api, DeleteParams, ListParams, Patch, PatchParams, PostParams, WatchParams};
use operator_testbed::{Component, Testbed, annotations};
use serde_json::{Value, json};

/// A loaded machine is slow; a test that fails waits this long.
const PATIENCE: Duration = Duration::from_secs(60);

/// Asks until the answer is yes.
async fn until(what: &str, ask: impl AsyncFn() -> bool) {
    let started = Instant::now();
    while !ask().await {
        assert!(started.elapsed() < PATIENCE, "waited in vain: {what}");
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
}

/// Whether the tests run in the cluster of `TESTBED_KUBECONFIG`, where a test about starting a control plane has nothing to test.
#[expect(clippy::explicit_write, reason = "the test harness hides what println! writes in a test that passes")]
fn skipped(test: &str) -> bool {
    let skipped = env::var_os("TESTBED_KUBECONFIG").is_some_and(|kubeconfig| !kubeconfig.is_empty());
    if skipped {
        writeln!(io::stdout(), "skipped {test}: it starts control planes, and TESTBED_KUBECONFIG is set").unwrap();
    }
    skipped
}

fn stateful_set() -> StatefulSet {
    let object = json!({
        "metadata": { "name": "database" },
        "spec": {
            "replicas": 3,
            "serviceName": "database",
            "selector": { "matchLabels": { "app": "database" } },
            "template": {
                "metadata": { "labels": { "app": "database" } },
                "spec": { "containers": [{ "name": "main", "image": "database:1" }] },
            },
            "volumeClaimTemplates": [{
                "metadata": { "name": "data" },
                "spec": { "accessModes": ["ReadWriteOnce"], "resources": { "requests": { "storage": "1Gi" } } },
            }],
        },
    });
    serde_json::from_value(object).unwrap()
}

fn deployment() -> Deployment {
    let object = json!({
        "metadata": { "name": "web" },
        "spec": {
            "replicas": 2,
            "selector": { "matchLabels": { "app": "web" } },
            "template": {
                "metadata": { "labels": { "app": "web" } },
                "spec": {
                    "initContainers": [{ "name": "init", "image": "init:1" }],
                    "containers": [{ "name": "main", "image": "web:1" }],
                },
            },
        },
    });
    serde_json::from_value(object).unwrap()
}

/// A pod whose names YAML would take for booleans.
fn pod(annotations: Value) -> Pod {
    let object = json!({
        "metadata": { "name": "n", "annotations": annotations },
        "spec": { "containers": [{ "name": "y", "image": "image:1" }] },
    });
    serde_json::from_value(object).unwrap()
}

async fn create_pod(namespace: &str, annotations: Value) -> Api<Pod> {
    let client = Testbed::shared().await.unwrap().client().await.unwrap();
    let pods: Api<Pod> = Api::namespaced(client, namespace);
    pods.create(&PostParams::default(), &pod(annotations)).await.unwrap();
    pods
}

fn ready(pod: &Pod) -> bool {
    let conditions = pod.status.as_ref().and_then(|status| status.conditions.as_ref());
    conditions.is_some_and(|all| all.iter().any(|condition| condition.type_ == "Ready" && condition.status == "True"))
}

fn phase(pod: &Pod) -> &str {
    pod.status.as_ref().and_then(|status| status.phase.as_deref()).unwrap_or_default()
}

async fn until_running(pods: &Api<Pod>) -> Pod {
    until("the pod runs", async || phase(&pods.get("n").await.unwrap()) == "Running").await;
    pods.get("n").await.unwrap()
}

#[tokio::test]
async fn a_stateful_set_gets_ready_and_its_claims_are_bound_and_can_grow() {
    let testbed = Testbed::shared().await.unwrap();
    let namespace = testbed.namespace("stateful-set").await.unwrap();
    let client = testbed.client().await.unwrap();
    let stateful_sets: Api<StatefulSet> = Api::namespaced(client.clone(), namespace.name());
    stateful_sets.create(&PostParams::default(), &stateful_set()).await.unwrap();
    until("all replicas are ready", async || {
        let status = stateful_sets.get("database").await.unwrap().status.unwrap_or_default();
        status.ready_replicas == Some(3)
    })
    .await;

    let claims: Api<PersistentVolumeClaim> = Api::namespaced(client, namespace.name());
    let capacity = async || {
        let status = claims.get("data-database-0").await.unwrap().status.unwrap_or_default();
        status.capacity.unwrap_or_default().get("storage").map(|quantity| quantity.0.clone())
    };
    assert_eq!(capacity().await.as_deref(), Some("1Gi"));
    let larger = json!({ "spec": { "resources": { "requests": { "storage": "2Gi" } } } });
    claims.patch("data-database-0", &PatchParams::default(), &Patch::Merge(larger)).await.unwrap();
    until("the claim has grown", async || capacity().await.as_deref() == Some("2Gi")).await;
}

#[tokio::test]
async fn a_deployment_rolls_out_a_change() {
    let testbed = Testbed::shared().await.unwrap();
    let namespace = testbed.namespace("deployment").await.unwrap();
    let client = testbed.client().await.unwrap();
    let deployments: Api<Deployment> = Api::namespaced(client.clone(), namespace.name());
    deployments.create(&PostParams::default(), &deployment()).await.unwrap();
    let rolled_out = async || {
        let deployment = deployments.get("web").await.unwrap();
        let status = deployment.status.unwrap_or_default();
        status.observed_generation == deployment.metadata.generation
            && [status.replicas, status.updated_replicas, status.available_replicas] == [Some(2); 3]
    };
    until("the deployment is available", rolled_out).await;

    let change =
        json!({ "spec": { "template": { "spec": { "containers": [{ "name": "main", "image": "web:2" }] } } } });
    deployments.patch("web", &PatchParams::default(), &Patch::Strategic(change)).await.unwrap();
    until("the change is rolled out", rolled_out).await;
    let pods: Api<Pod> = Api::namespaced(client, namespace.name());
    until("only new pods are left", async || {
        let pods = pods.list(&ListParams::default()).await.unwrap().items;
        let images = pods.iter().flat_map(|pod| pod.spec.as_ref().unwrap().containers[0].image.as_deref());
        images.eq(["web:2", "web:2"])
    })
    .await;
}

#[tokio::test]
async fn a_pod_that_shall_never_be_ready_runs_unready() {
    let namespace = Testbed::shared().await.unwrap().namespace("never-ready").await.unwrap();
    let pods = create_pod(namespace.name(), json!({ annotations::POD: annotations::NEVER_READY })).await;
    until_running(&pods).await;
    tokio::time::sleep(Duration::from_secs(2)).await;
    let pod = pods.get("n").await.unwrap();
    assert!(!ready(&pod) && phase(&pod) == "Running", "{:?}", pod.status);
}

#[tokio::test]
async fn a_pod_that_shall_crash_is_in_crash_loop_back_off() {
    let namespace = Testbed::shared().await.unwrap().namespace("crash").await.unwrap();
    let pods = create_pod(namespace.name(), json!({ annotations::POD: annotations::CRASH })).await;
    let pod = until_running(&pods).await;
    assert!(!ready(&pod), "{:?}", pod.status);
    let container = &pod.status.unwrap().container_statuses.unwrap()[0];
    let waiting = container.state.as_ref().unwrap().waiting.as_ref().unwrap();
    assert_eq!(waiting.reason.as_deref(), Some("CrashLoopBackOff"));
    assert!(container.restart_count > 0);
}

#[tokio::test]
async fn a_pod_whose_containers_cannot_start_stays_pending_and_says_why() {
    for (behaviour, wanted) in
        [(annotations::IMAGE_PULL, "ImagePullBackOff"), (annotations::CONFIG_ERROR, "CreateContainerConfigError")]
    {
        let namespace = Testbed::shared().await.unwrap().namespace("waits").await.unwrap();
        let pods = create_pod(namespace.name(), json!({ annotations::POD: behaviour })).await;
        let containers = async || pods.get("n").await.unwrap().status.unwrap_or_default().container_statuses;
        until("its containers have a status", async || containers().await.is_some()).await;
        let container = containers().await.unwrap().remove(0);
        assert_eq!(container.state.unwrap().waiting.unwrap().reason.as_deref(), Some(wanted));
        assert_eq!(phase(&pods.get("n").await.unwrap()), "Pending");
    }
}

#[tokio::test]
async fn a_slow_pod_runs_at_once_and_is_ready_after_its_time() {
    let namespace = Testbed::shared().await.unwrap().namespace("ready-after").await.unwrap();
    let created = Instant::now();
    let pods = create_pod(namespace.name(), json!({ annotations::READY_AFTER: "3s" })).await;
    assert!(!ready(&until_running(&pods).await));
    until("the pod is ready", async || ready(&pods.get("n").await.unwrap())).await;
    assert!(created.elapsed() > Duration::from_secs(3), "ready after {:?}", created.elapsed());
    let container = &pods.get("n").await.unwrap().status.unwrap().container_statuses.unwrap()[0];
    assert!(container.ready && container.state.as_ref().unwrap().running.is_some(), "{container:?}");
}

#[tokio::test]
async fn a_churning_pod_changes_and_stays_ready() {
    let namespace = Testbed::shared().await.unwrap().namespace("churn").await.unwrap();
    let pods = create_pod(namespace.name(), json!({ annotations::CHURN: "true" })).await;
    let mut version = until_running(&pods).await.metadata.resource_version;
    for _ in 0..3 {
        until("the pod changes", async || {
            let pod = pods.get("n").await.unwrap();
            assert!(ready(&pod), "{:?}", pod.status);
            pod.metadata.resource_version != version
        })
        .await;
        version = pods.get("n").await.unwrap().metadata.resource_version;
    }
}

#[tokio::test]
async fn a_deleted_pod_vanishes_whatever_its_grace_period() {
    let namespace = Testbed::shared().await.unwrap().namespace("delete").await.unwrap();
    let pods = create_pod(namespace.name(), json!({})).await;
    until_running(&pods).await;
    let deleted = Instant::now();
    pods.delete("n", &DeleteParams::default().grace_period(600)).await.unwrap();
    until("the pod is gone", async || pods.get_opt("n").await.unwrap().is_none()).await;
    assert!(deleted.elapsed() < Duration::from_secs(20), "gone after {:?}", deleted.elapsed());
}

#[tokio::test]
async fn namespaces_are_fresh_and_can_be_deleted() {
    let testbed = Testbed::shared().await.unwrap();
    let first = testbed.namespace("fresh").await.unwrap();
    let second = testbed.namespace("fresh").await.unwrap();
    assert_ne!(first.name(), second.name());
    assert!(first.name().starts_with("fresh-"), "{}", first.name());
    create_pod(first.name(), json!({})).await;

    let client = testbed.client().await.unwrap();
    let name = first.name().to_owned();
    first.delete(client.clone()).await.unwrap();
    let namespaces: Api<Namespace> = Api::all(client);
    until("the namespace is gone", async || namespaces.get_opt(&name).await.unwrap().is_none()).await;
}

#[tokio::test]
async fn only_the_operators_requests_are_recorded() {
    let testbed = Testbed::shared().await.unwrap();
    let namespace = testbed.namespace("requests").await.unwrap();
    let admin: Api<Pod> = Api::namespaced(testbed.client().await.unwrap(), namespace.name());
    admin.get_opt("of-admin").await.unwrap();
    let operator = kube::Client::try_from(testbed.operator_config().await.unwrap()).unwrap();
    let operator = testbed.recorded(operator);
    let recorded = async || {
        let mut requests = testbed.requests().unwrap();
        requests.retain(|request| request.namespace == namespace.name());
        let seen = requests.into_iter().map(|r| (r.verb, r.resource, r.subresource, r.name, r.code));
        seen.collect::<Vec<_>>()
    };
    let becomes = async |wanted: &[(&str, &str, &str, &str, u16)]| {
        let equal = |seen: Vec<(String, String, String, String, u16)>| {
            let seen =
                seen.iter().map(|(verb, resource, sub, name, code)| (&**verb, &**resource, &**sub, &**name, *code));
            seen.eq(wanted.iter().copied())
        };
        let started = Instant::now();
        while !equal(recorded().await) {
            assert!(started.elapsed() < PATIENCE, "wanted: {wanted:#?}; seen: {:#?}", recorded().await);
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
    };

    let pods: Api<Pod> = Api::namespaced(operator.clone(), namespace.name());
    pods.get_opt("of-operator").await.unwrap();
    becomes(&[("get", "pods", "", "of-operator", 404)]).await;

    let config_maps: Api<ConfigMap> = Api::namespaced(operator.clone(), namespace.name());
    let watch = config_maps.watch(&WatchParams::default(), "0").await.unwrap();
    becomes(&[("get", "pods", "", "of-operator", 404), ("watch", "configmaps", "", "", 0)]).await;
    drop(watch);

    let params = PatchParams::apply("test");
    let config_map = json!({ "apiVersion": "v1", "kind": "ConfigMap", "metadata": { "name": "c" } });
    config_maps.patch("c", &params, &Patch::Apply(config_map)).await.unwrap();
    config_maps.list(&ListParams::default().labels("watch=true")).await.unwrap();
    config_maps.delete_collection(&DeleteParams::default(), &ListParams::default().labels("a=b")).await.unwrap();
    config_maps.delete("c", &DeleteParams::default()).await.unwrap();
    pods.get_status("of-operator").await.unwrap_err();
    let namespaces: Api<Namespace> = Api::all(operator);
    namespaces.get(namespace.name()).await.unwrap();
    becomes(&[
        ("get", "pods", "", "of-operator", 404),
        ("watch", "configmaps", "", "", 200),
        ("patch", "configmaps", "", "c", 201),
        ("list", "configmaps", "", "", 200),
        ("deletecollection", "configmaps", "", "", 200),
        ("delete", "configmaps", "", "c", 200),
        ("get", "pods", "status", "of-operator", 404),
        ("get", "namespaces", "", namespace.name(), 200),
    ])
    .await;
}

/// As `TESTBED_KUBECONFIG=FILE cargo test` does it.
#[test]
fn these_tests_pass_in_a_running_cluster_whose_audit_log_nobody_reads() {
    if skipped("these_tests_pass_in_a_running_cluster_whose_audit_log_nobody_reads") {
        return;
    }
    let program = Program::start();
    let output = Command::new(env::current_exe().unwrap())
        .env("TESTBED_KUBECONFIG", program.folder.join("admin.kubeconfig"))
        .stdin(Stdio::null())
        .output()
        .unwrap();
    let (said, error) = (String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr));
    assert!(output.status.success(), "{said}{error}");
    assert!(said.contains("skipped a_dropped_testbed_has_ended: "), "what isn't tested is said: {said}");
}

#[test]
fn tests_on_different_runtimes_share_one_control_plane() {
    if skipped("tests_on_different_runtimes_share_one_control_plane") {
        return;
    }
    let folder = || {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
        runtime.block_on(async { Testbed::shared().await.unwrap().folder().unwrap().to_owned() })
    };
    let folders: Vec<_> = (0..3).map(|_| std::thread::spawn(folder)).map(|thread| thread.join().unwrap()).collect();
    assert!(folders.iter().all(|other| *other == folder()), "{folders:?}");
}

/// The binary, and what it has said.
struct Program {
    child: Child,
    folder: PathBuf,
}

impl Program {
    fn start() -> Self {
        let mut child =
            Command::new(env!("CARGO_BIN_EXE_operator-testbed")).stdout(Stdio::piped()).spawn().expect("it starts");
        let mut lines = BufReader::new(child.stdout.take().unwrap()).lines();
        let first = lines.next().expect("it says where the kubeconfig is").unwrap();
        let kubeconfig = first.strip_prefix("export KUBECONFIG=").unwrap_or_else(|| panic!("unexpected: {first}"));
        Program { child, folder: Path::new(kubeconfig).parent().unwrap().to_owned() }
    }

    /// The end of its processes' command lines says which folder they work in.
    fn processes(&self) -> Vec<String> {
        let folder = self.folder.to_str().unwrap();
        let processes = fs::read_dir("/proc").unwrap().flatten();
        let command_lines = processes.filter_map(|entry| fs::read(entry.path().join("cmdline")).ok());
        let command_lines = command_lines.map(|line| String::from_utf8_lossy(&line).replace('\0', " "));
        command_lines.filter(|line| line.contains(folder)).collect()
    }
}

impl Drop for Program {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

#[tokio::test]
async fn two_at_once_work_and_sigkill_leaves_no_process_and_no_folder() {
    if skipped("two_at_once_work_and_sigkill_leaves_no_process_and_no_folder") {
        return;
    }
    let mut programs = [Program::start(), Program::start()];
    assert_ne!(programs[0].folder, programs[1].folder);
    for program in &mut programs {
        // The watchdog and five components.
        assert!(program.processes().len() >= 6, "{:?}", program.processes());
        program.child.kill().unwrap();
        program.child.wait().unwrap();
        until("the folder is gone", async || !program.folder.exists()).await;
        assert_eq!(program.processes(), Vec::<String>::new());
    }
}

#[test]
fn a_dropped_testbed_has_ended() {
    if skipped("a_dropped_testbed_has_ended") {
        return;
    }
    let runtime = tokio::runtime::Runtime::new().unwrap();
    let testbed = runtime.block_on(Testbed::start()).unwrap();
    let folder = testbed.folder().unwrap().to_owned();
    assert!(folder.exists());
    drop(testbed);
    assert!(!folder.exists(), "{}", folder.display());
}

#[tokio::test]
async fn a_killed_program_starts_again_with_all_that_was_stored() {
    if skipped("a_killed_program_starts_again_with_all_that_was_stored") {
        return;
    }
    let testbed = Testbed::start().await.unwrap();
    let namespace = testbed.namespace("killed").await.unwrap();
    let config_maps = || async { Api::<ConfigMap>::namespaced(testbed.client().await.unwrap(), namespace.name()) };
    let config_map = serde_json::from_value(json!({ "metadata": { "name": "kept" } })).unwrap();
    config_maps().await.create(&PostParams::default(), &config_map).await.unwrap();
    for component in [Component::Etcd, Component::ApiServer] {
        let file = if component == Component::Etcd { "etcd.pid" } else { "kube-apiserver.pid" };
        let process = || fs::read_to_string(testbed.folder().unwrap().join(file)).ok().filter(|id| !id.is_empty());
        let before = process();
        testbed.signal(component, "KILL").unwrap();
        testbed.start_again(component).await.unwrap();
        until("another process runs", async || process().is_some_and(|now| Some(now) != before)).await;
        until("it answers", async || config_maps().await.get("kept").await.is_ok()).await;
    }
}

#[test]
fn without_go_or_any_programs_the_error_says_the_three_ways_out() {
    let cache = std::env::temp_dir().join(format!("operator-testbed-empty-cache-{}", std::process::id()));
    let output = Command::new(env!("CARGO_BIN_EXE_operator-testbed"))
        .env_remove("KUBEBUILDER_ASSETS")
        .env_remove("TESTBED_KUBECONFIG")
        .env("PATH", "")
        .env("XDG_CACHE_HOME", &cache)
        .output()
        .unwrap();
    fs::remove_dir_all(&cache).unwrap();
    let error = String::from_utf8(output.stderr).unwrap();
    assert!(!output.status.success());
    for way in ["install Go", "KUBEBUILDER_ASSETS", "TESTBED_KUBECONFIG"] {
        assert!(error.contains(way), "{way} isn't in: {error}");
    }
}

#[test]
fn missing_programs_are_named() {
    let folder = std::env::temp_dir().join(format!("operator-testbed-assets-{}", std::process::id()));
    fs::create_dir_all(&folder).unwrap();
    fs::write(folder.join("etcd"), "").unwrap();
    let output = Command::new(env!("CARGO_BIN_EXE_operator-testbed"))
        .env_remove("TESTBED_KUBECONFIG")
        .env("KUBEBUILDER_ASSETS", &folder)
        .output()
        .unwrap();
    fs::remove_dir_all(&folder).unwrap();
    let error = String::from_utf8(output.stderr).unwrap();
    assert!(error.contains("missing: kube-apiserver, kube-controller-manager, kube-scheduler, kwok."), "{error}");
}
