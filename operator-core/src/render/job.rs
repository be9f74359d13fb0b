//! The Job of a node: named by its configuration and by what it runs (image, command, arguments, variables), so that it runs once for each.

use serde_json::{Value, json};

use super::{Object, names::Names, pod};
use crate::{model::Digest, model::kind::JOB, settings::ResolvedNode};

/// How often a pod that failed is tried again; Kubernetes' own default.
const RETRIES: i32 = 6;

pub fn build(names: &Names<'_>, node: &ResolvedNode, mut pod: Value) -> Object {
    if pod["spec"].get("restartPolicy").is_none() {
        pod["spec"]["restartPolicy"] = "OnFailure".into();
    }
    let body = json!({ "spec": { "backoffLimit": RETRIES, "template": pod } });
    let mut job = Object::new(&JOB, names.node(&node.name), Some(node), body);
    job.once = true;
    job
}

/// The name of the run of a finished template.
pub fn name(names: &Names<'_>, node: &ResolvedNode, template: &Value, revision: &str) -> String {
    let main = pod::main(node, template);
    let runs = ["image", "command", "args", "env"].map(|field| main.and_then(|main| main.get(field)));
    let run = Digest::of(&json!([revision, runs])).short();
    names.child(Some(&node.name), &run)
}
