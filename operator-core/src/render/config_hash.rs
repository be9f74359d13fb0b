//! The configuration hash: over a node's files and over what else its pods read. A change of it replaces them.

use std::collections::BTreeMap;

use serde_json::{Value, json};

use super::names::{LONGEST, cut};
use crate::model::{ConfigHash, Content, Digest, Object, Reference};

impl ConfigHash {
    /// The hash, where what the pods read has these contents; ten hexadecimal digits.
    pub fn value(&self, contents: &BTreeMap<Reference, Content>) -> String {
        let mut parts = vec![json!(self.files)];
        parts.extend(self.reads.iter().filter_map(|(reference, _)| match contents.get(reference)? {
            Content::Present(digest) => Some(json!([reference, digest])),
            Content::Missing | Content::Unknown | Content::Unreadable(_) => None,
        }));
        Digest::of(&parts.into()).short()
    }
}

/// Puts the hash into a workload's pods: an annotation, and a variable where the node type wants one. A Job is named by it.
pub fn put(object: &mut Object, contents: &BTreeMap<Reference, Content>) {
    let Some(hash) = &object.hash else { return };
    let value = hash.value(contents);
    if let Some(template) = object.json.get_mut("spec").and_then(|spec| spec.get_mut("template")) {
        annotate(template, &hash.annotation, &value);
        if let Some((container, variable)) = hash.variable {
            set_variable(template, container, variable, &value);
        }
    }
    if let Some(base) = &hash.job {
        let run = run(object, &value);
        object.name = cut(&format!("{base}-{run}"), LONGEST);
        object.json["metadata"]["name"] = object.name.as_str().into();
    }
}

fn annotate(template: &mut Value, annotation: &str, value: &str) {
    let Some(template) = template.as_object_mut() else { return };
    let metadata = template.entry("metadata").or_insert_with(|| json!({}));
    if let Some(metadata) = metadata.as_object_mut() {
        let annotations = metadata.entry("annotations").or_insert_with(|| json!({}));
        if let Some(annotations) = annotations.as_object_mut() {
            annotations.insert(annotation.to_owned(), value.into());
        }
    }
}

fn set_variable(template: &mut Value, container: &str, variable: &str, value: &str) {
    let containers = template.pointer_mut("/spec/containers").and_then(Value::as_array_mut);
    let container = containers.into_iter().flatten().find(|item| item["name"] == container);
    let Some(container) = container.and_then(Value::as_object_mut) else { return };
    if let Some(env) = container.entry("env").or_insert_with(|| json!([])).as_array_mut() {
        env.retain(|item| item["name"] != variable);
        env.insert(0, json!({ "name": variable, "value": value }));
    }
}

/// What a Job runs, with which configuration: it runs once for each.
fn run(job: &Object, hash: &str) -> String {
    let containers = job.json.pointer("/spec/template/spec/containers").and_then(Value::as_array);
    let main = containers.into_iter().flatten().find(|item| job.node_type.is_some_and(|name| item["name"] == name));
    let runs = ["image", "command", "args", "env"].map(|field| main.and_then(|main| main.get(field)));
    Digest::of(&json!([hash, runs])).short()
}
