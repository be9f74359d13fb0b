//! DaemonSets.

use serde_json::json;

use super::{
    owned::{Workload, has_label, is_deleting},
    pod::ready,
};
use crate::{
    json::{put, text},
    server::ApiServer,
};

/// The nodes of the cluster.
pub const NODES: [&str; 3] = ["node-0", "node-1", "node-2"];

const REVISION: &str = "controller-revision-hash";

/// Takes each DaemonSet one step further: a pod on each node, one replaced at a time.
pub fn daemon_sets(server: &mut ApiServer) -> bool {
    let before = server.version();
    for workload in Workload::all(server, "daemonsets.apps") {
        sync(server, &workload);
    }
    server.version() != before
}

fn sync(server: &mut ApiServer, workload: &Workload) {
    let revision = workload.revision();
    let pods = workload.adopt(server, "pods", |_| true);
    for node in NODES {
        if !pods.iter().any(|pod| text(pod, "/spec/nodeName") == node) {
            let name = format!("{}-{node}", workload.name());
            let mut pod = workload.child(&name, &workload.template(), &[(REVISION, &revision)]);
            put(&mut pod, "/spec/nodeName", node);
            workload.create(server, "pods", pod);
        }
    }
    let rolling = text(&workload.object, "/spec/updateStrategy/type") == "RollingUpdate";
    let old = pods.iter().find(|pod| !has_label(pod, REVISION, &revision));
    if let Some(old) = old.filter(|_| rolling && (ready(&pods) == NODES.len() || pods.len() > NODES.len())) {
        workload.delete(server, "pods", old);
    }
    let pods = workload.adopt(server, "pods", |_| false);
    let count = ready(&pods);
    let updated = pods.iter().filter(|pod| has_label(pod, REVISION, &revision) && !is_deleting(pod)).count();
    let status = json!({
        "observedGeneration": workload.object.pointer("/metadata/generation"),
        "currentNumberScheduled": pods.len(), "desiredNumberScheduled": NODES.len(), "numberMisscheduled": 0,
        "numberReady": count, "numberAvailable": count, "updatedNumberScheduled": updated,
        "numberUnavailable": NODES.len() - count.min(NODES.len()),
    });
    workload.report(server, &status);
}
