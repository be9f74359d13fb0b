//! The configuration hash: over a node's files and over what else its pods read. A change of it replaces them.
//!
//! Who may see pods sees the hash. So that it doesn't help to guess the value of a Secret, a random key goes into it, which is in a Secret of
//! the cluster's own. What the operator itself writes needs none: it is random, or follows from the spec.

use std::collections::BTreeMap;

use serde_json::{Value, json};

use super::{
    names::{LONGEST, cut, hash_key},
    pod, secret,
};
use crate::{
    model::{ConfigHash, Content, Digest, Identity, Object, Reference, Source, kind::SECRET},
    settings::json::{at_mut, name},
};

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

/// Letters and digits of the key.
const KEY_LENGTH: u32 = 32;

/// Adds the key, where pods read Secrets of others.
pub fn add_key(objects: &mut Vec<Object>, cluster: &Identity) {
    let own: Vec<String> =
        objects.iter().filter(|object| object.kind == &SECRET).map(|object| object.name.clone()).collect();
    let is_of_others = |reference: &Reference| reference.source == Source::Secret && !own.contains(&reference.name);
    let key = hash_key(cluster);
    let mut is_needed = false;
    for hash in objects.iter_mut().filter_map(|object| object.hash.as_mut()) {
        if hash.reads.iter().any(|(reference, _)| is_of_others(reference)) {
            hash.reads.push((key.clone(), false));
            is_needed = true;
        }
    }
    let of_key = key.key.as_deref().filter(|_| is_needed);
    objects.extend(of_key.map(|field| secret::build(key.name.clone(), None, field, KEY_LENGTH)));
}

/// Puts the hash into a workload's pods: an annotation, and a variable where the node type has one. A Job's name contains it.
pub fn put(object: &mut Object, contents: &BTreeMap<Reference, Content>) {
    let Some(hash) = &object.hash else { return };
    let value = hash.value(contents);
    if let Some(template) = object.json.get_mut("spec").and_then(|spec| spec.get_mut("template")) {
        pod::put(template, "annotations", [(hash.annotation.clone(), value.as_str().into())]);
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

fn set_variable(template: &mut Value, container: &str, variable: &str, value: &str) {
    let found = at_mut(template, "spec.containers.*").into_iter().find(|item| name(item) == container);
    let Some(container) = found.and_then(Value::as_object_mut) else { return };
    if let Some(env) = container.entry("env").or_insert_with(|| json!([])).as_array_mut() {
        env.retain(|item| item["name"] != variable);
        env.insert(0, json!({ "name": variable, "value": value }));
    }
}

/// What a Job runs, with which configuration: it runs once for each.
fn run(job: &Object, hash: &str) -> String {
    let (node, template) = (job.node.as_ref(), job.json.pointer("/spec/template"));
    let main = template.and_then(|template| match node.and_then(|node| node.of_type) {
        Some(main) => pod::container(template, main),
        None => template.pointer("/spec/containers/0"),
    });
    let runs = ["image", "command", "args", "env"].map(|field| main.and_then(|main| main.get(field)));
    Digest::of(&json!([hash, runs])).short()
}
