//! What kubelets, scheduler and volume provisioner do.

use serde_json::{Value, json};

use super::{
    daemon_set::NODES,
    owned::{is_deleting, is_ready},
};
use crate::{
    json::{default, items, number, put, text},
    server::{ApiServer, Deletion},
};

/// The annotation by which pods are told to misbehave, as in operator-testbed: `never-ready`, `crash`.
const BEHAVIOUR: &str = "operator-testbed/pod";

/// The field manager of what nodes write.
const KUBELET: &str = "kubelet";

/// Brings every pod one step further: scheduled and running, then ready or ended; what is being deleted goes.
pub fn pods(server: &mut ApiServer) -> bool {
    let before = server.version();
    let [node, ..] = NODES;
    for pod in server.list("pods", "") {
        let at = (text(&pod, "/metadata/namespace"), text(&pod, "/metadata/name"));
        let behaviour = pod.pointer("/metadata/annotations").and_then(|all| all.get(BEHAVIOUR)).and_then(Value::as_str);
        let runs_to_end = ["Never", "OnFailure"].contains(&text(&pod, "/spec/restartPolicy"));
        // A pod may have gone since the list was made: then there is nothing to do.
        let _ = match text(&pod, "/status/phase") {
            _ if is_deleting(&pod) => {
                server.delete("pods", at, &Deletion { grace_seconds: Some(0), ..Deletion::default() })
            }
            "Pending" if text(&pod, "/spec/nodeName").is_empty() => {
                server.update("pods", at, "", "kube-scheduler", |pod| default(pod, "/spec/nodeName", node))
            }
            "Pending" if claims_are_bound(server, &pod) => {
                report(server, at, json!({ "phase": "Running", "conditions": [ready_is("False")] }))
            }
            "Running" if runs_to_end => {
                let phase = if behaviour == Some("crash") { "Failed" } else { "Succeeded" };
                report(server, at, json!({ "phase": phase }))
            }
            "Running" if behaviour == Some("crash") && items(&pod, "/status/containerStatuses").is_empty() => {
                let waiting = json!({ "waiting": { "reason": "CrashLoopBackOff" } });
                report(
                    server,
                    at,
                    json!({ "containerStatuses": [{ "name": "main", "restartCount": 3, "state": waiting }] }),
                )
            }
            "Running" if behaviour.is_none() && !is_ready(&pod) => {
                report(server, at, json!({ "conditions": [ready_is("True")] }))
            }
            _ => continue,
        };
    }
    server.version() != before
}

fn ready_is(status: &str) -> Value {
    json!({ "type": "Ready", "status": status })
}

fn report(server: &mut ApiServer, at: (&str, &str), status: Value) -> Result<Value, crate::Status> {
    server.update("pods", at, "status", KUBELET, |pod| {
        let mut merged = pod.get("status").cloned().unwrap_or_default();
        crate::json::merge_patch(&mut merged, &status);
        put(pod, "/status", merged);
    })
}

fn claims_of(pod: &Value) -> impl Iterator<Item = &str> {
    let volumes = items(pod, "/spec/volumes").iter();
    volumes.map(|volume| text(volume, "/persistentVolumeClaim/claimName")).filter(|name| !name.is_empty())
}

fn claims_are_bound(server: &ApiServer, pod: &Value) -> bool {
    claims_of(pod).all(|name| {
        let claim = server.get("persistentvolumeclaims", text(pod, "/metadata/namespace"), name);
        claim.is_some_and(|claim| text(&claim, "/status/phase") == "Bound")
    })
}

/// Binds claims and lets them grow. A claim that is being deleted goes when no pod uses it.
pub fn claims(server: &mut ApiServer) -> bool {
    const KIND: &str = "persistentvolumeclaims";
    let before = server.version();
    for claim in server.list(KIND, "") {
        let at = (text(&claim, "/metadata/namespace"), text(&claim, "/metadata/name"));
        let wanted = claim.pointer("/spec/resources/requests").cloned().unwrap_or_default();
        if is_deleting(&claim) {
            if !server.list("pods", at.0).iter().any(|pod| claims_of(pod).any(|name| name == at.1)) {
                let _ = server.update(KIND, at, "", super::MANAGER, |claim| {
                    let held = items(claim, "/metadata/finalizers").iter();
                    let held: Vec<Value> =
                        held.filter(|held| *held != "kubernetes.io/pvc-protection").cloned().collect();
                    put(claim, "/metadata/finalizers", held);
                });
            }
        } else if text(&claim, "/spec/volumeName").is_empty() {
            let volume = format!("pvc-{}", text(&claim, "/metadata/uid"));
            let _ = server.update(KIND, at, "", super::MANAGER, |claim| put(claim, "/spec/volumeName", volume));
        } else if claim.pointer("/status/capacity") != Some(&wanted) {
            let _ = server.update(KIND, at, "status", super::MANAGER, |claim| {
                put(claim, "/status/phase", "Bound");
                put(claim, "/status/capacity", wanted);
            });
        }
    }
    server.version() != before
}

/// Number of pods that are ready.
pub fn ready<'a>(pods: impl IntoIterator<Item = &'a std::sync::Arc<Value>>) -> usize {
    pods.into_iter().filter(|pod| is_ready(pod) && !is_deleting(pod)).count()
}

/// The wanted number of replicas.
pub fn replicas(object: &Value) -> usize {
    usize::try_from(number(object, "/spec/replicas")).unwrap_or(0)
}
