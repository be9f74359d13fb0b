//! Jobs: one pod after the other until one succeeds or the backoff limit is reached.

use serde_json::{Value, json};

use super::owned::Workload;
use crate::{
    json::{items, number, put, text},
    server::ApiServer,
};

/// Takes each Job one step further.
pub fn jobs(server: &mut ApiServer) -> bool {
    let before = server.version();
    for workload in Workload::all(server, "jobs.batch") {
        if items(&workload.object, "/status/conditions").is_empty() {
            sync(server, &workload);
        }
    }
    server.version() != before
}

fn sync(server: &mut ApiServer, workload: &Workload) {
    let pods = workload.adopt(server, "pods", |_| true);
    let count = |phase: &str| pods.iter().filter(|pod| text(pod, "/status/phase") == phase).count();
    let (succeeded, failed) = (count("Succeeded"), count("Failed"));
    let active = pods.len() - succeeded - failed;
    let limit = usize::try_from(number(&workload.object, "/spec/backoffLimit")).unwrap_or(0);
    let (start, now) = (workload.object.pointer("/metadata/creationTimestamp").cloned(), server.timestamp(0));
    let some = |count: usize| if count == 0 { Value::Null } else { count.into() };
    let mut status =
        json!({ "startTime": start, "active": some(active), "succeeded": some(succeeded), "failed": some(failed) });
    let condition = |kind: &str, reason: &str| json!([{ "type": kind, "status": "True", "reason": reason, "lastTransitionTime": now }]);
    if succeeded > 0 {
        put(&mut status, "/conditions", condition("Complete", "CompletionsReached"));
        put(&mut status, "/completionTime", now.as_str());
    } else if failed > limit {
        put(&mut status, "/conditions", condition("Failed", "BackoffLimitExceeded"));
    } else if active == 0 && workload.object.pointer("/spec/suspend") != Some(&Value::Bool(true)) {
        let mut pod = workload.child("", &workload.template(), &[]);
        put(&mut pod, "/metadata/name", Value::Null);
        put(&mut pod, "/metadata/generateName", format!("{}-", workload.name()));
        workload.create(server, "pods", pod);
    }
    workload.report(server, &status);
}
