//! Workloads and garbage, step by step.

use operator_simulation::{
    ApiServer,
    controllers::{self, settle},
};
use serde_json::json;

use crate::common::{apply, delete, get, patch, workload};

const SET: &str = "/apis/apps/v1/namespaces/test/statefulsets/store";

#[test]
fn a_stateful_set_starts_its_pods_in_order_with_their_claims() {
    let mut server = ApiServer::new();
    let mut set = workload("StatefulSet", "store", 2);
    set["spec"]["volumeClaimTemplates"] = json!([
        { "metadata": { "name": "data" }, "spec": { "resources": { "requests": { "storage": "1Gi" } } } }
    ]);
    assert_eq!(apply(&mut server, SET, "operator", false, &set).0, 201);
    controllers::stateful_sets(&mut server);
    controllers::stateful_sets(&mut server);
    assert_eq!(server.list("pods", "test").len(), 1, "the second pod waits until the first is ready");
    assert!(settle(&mut server, 50));
    let (_, set) = get(&mut server, SET);
    assert_eq!((&set["status"]["readyReplicas"], &set["status"]["observedGeneration"]), (&json!(2), &json!(1)));
    assert_eq!(set["status"]["currentRevision"], set["status"]["updateRevision"]);
    let claims = server.list("persistentvolumeclaims", "test");
    assert_eq!(
        claims.iter().map(|claim| &claim["metadata"]["name"]).collect::<Vec<_>>(),
        ["data-store-0", "data-store-1"]
    );
}

#[test]
fn a_changed_template_replaces_the_pods_and_an_orphaned_set_keeps_them() {
    let mut server = ApiServer::new();
    apply(&mut server, SET, "operator", false, &workload("StatefulSet", "store", 2));
    assert!(settle(&mut server, 50));
    let uids = |server: &ApiServer| -> Vec<String> {
        server.list("pods", "test").iter().map(|pod| pod["metadata"]["uid"].to_string()).collect()
    };
    let before = uids(&server);
    delete(&mut server, SET, &json!({ "propagationPolicy": "Orphan" }));
    assert!(settle(&mut server, 50));
    assert_eq!((get(&mut server, SET).0, uids(&server)), (404, before.clone()));
    apply(&mut server, SET, "operator", false, &workload("StatefulSet", "store", 2));
    assert!(settle(&mut server, 50));
    assert_eq!(uids(&server), before, "the new set adopts the pods, which are of its revision");
    patch(
        &mut server,
        SET,
        "someone",
        &json!({ "spec": { "template": { "metadata": { "annotations": { "a": "b" } } } } }),
    );
    assert!(settle(&mut server, 50));
    assert!(uids(&server).iter().all(|uid| !before.contains(uid)));
    delete(&mut server, SET, &json!({}));
    assert!(settle(&mut server, 50));
    assert!(server.list("pods", "test").is_empty());
}

#[test]
fn a_pod_that_is_told_so_never_gets_ready_and_holds_up_the_rollout() {
    let mut server = ApiServer::new();
    apply(&mut server, SET, "operator", false, &workload("StatefulSet", "store", 2));
    assert!(settle(&mut server, 50));
    let annotations = json!({ "operator-testbed/pod": "never-ready" });
    patch(
        &mut server,
        SET,
        "someone",
        &json!({ "spec": { "template": { "metadata": { "annotations": annotations } } } }),
    );
    assert!(settle(&mut server, 50));
    let (_, set) = get(&mut server, SET);
    assert_eq!((&set["status"]["readyReplicas"], &set["status"]["updatedReplicas"]), (&json!(1), &json!(1)));
    assert_ne!(set["status"]["currentRevision"], set["status"]["updateRevision"]);
}

#[test]
fn a_deployment_rolls_and_a_daemon_set_has_a_pod_on_each_node() {
    let mut server = ApiServer::new();
    let path = "/apis/apps/v1/namespaces/test/deployments/query";
    apply(&mut server, path, "operator", false, &workload("Deployment", "query", 3));
    let mut daemons = workload("DaemonSet", "agent", 0);
    daemons["spec"].as_object_mut().unwrap().remove("replicas");
    apply(&mut server, "/apis/apps/v1/namespaces/test/daemonsets/agent", "operator", false, &daemons);
    assert!(settle(&mut server, 50));
    patch(
        &mut server,
        path,
        "someone",
        &json!({ "spec": { "template": { "metadata": { "annotations": { "a": "b" } } } } }),
    );
    assert!(settle(&mut server, 50));
    let (_, deployment) = get(&mut server, path);
    assert_eq!(
        (&deployment["status"]["readyReplicas"], &deployment["status"]["updatedReplicas"]),
        (&json!(3), &json!(3))
    );
    assert_eq!(deployment["status"]["conditions"][1]["reason"], "NewReplicaSetAvailable");
    assert_eq!(server.list("pods", "test").len(), 6);
}

#[test]
fn a_job_completes_or_fails_as_its_pod_is_told() {
    let mut server = ApiServer::new();
    for (name, annotations) in [("good", json!({})), ("bad", json!({ "operator-testbed/pod": "crash" }))] {
        let pod =
            json!({ "restartPolicy": "Never", "containers": [{ "name": "main", "image": "example.com/main:1" }] });
        let job = json!({
            "apiVersion": "batch/v1", "kind": "Job", "metadata": { "name": name },
            "spec": { "backoffLimit": 1, "template": { "metadata": { "annotations": annotations }, "spec": pod } },
        });
        server.create("jobs.batch", "test", job, "operator").unwrap();
    }
    assert!(settle(&mut server, 50));
    let condition = |name| server.get("jobs.batch", "test", name).unwrap()["status"]["conditions"][0]["type"].clone();
    assert_eq!((condition("good"), condition("bad")), (json!("Complete"), json!("Failed")));
}
