//! The Job of a node: named by its configuration and image, so that it runs once for each.

use serde_json::{Value, json};

use super::{Object, names::Names};
use crate::{hash::Digest, kinds::JOB, node::Effective};

pub fn build(names: &Names<'_>, node: &Effective, mut pod: Value, revision: &str) -> Object {
    pod["spec"]["restartPolicy"] = "OnFailure".into();
    let run = Digest::of(&json!([revision, node.spec.settings.image])).short();
    let mut job =
        Object::new(&JOB, names.child(Some(&node.name), &run), Some(node), json!({ "spec": { "template": pod } }));
    job.once = true;
    job
}
