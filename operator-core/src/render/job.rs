//! The Job of a node: named by its configuration and by what it runs (image, command, arguments, variables), so that it runs once for each.

use serde_json::{Value, json};

use super::names::Names;
use crate::{
    model::{Object, kind::JOB},
    settings::ResolvedNode,
};

/// Number of retries of a failed pod; Kubernetes' own default.
const RETRIES: i32 = 6;

pub fn build(names: &Names<'_>, node: &ResolvedNode, mut pod: Value) -> Object {
    if pod["spec"].get("restartPolicy").is_none() {
        pod["spec"]["restartPolicy"] = "OnFailure".into();
    }
    let body = json!({ "spec": { "backoffLimit": RETRIES, "template": pod } });
    Object::new(&JOB, names.node(&node.name), Some(node), body)
}
