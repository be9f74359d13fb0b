//! What every workload has, a node's or one that a hook added: labels by which its pods are found, the form that server-side apply needs, the
//! configuration hash, and claims that are found again.

use serde_json::{Value, json};

use super::{
    files::{self, File},
    names::{MANAGED_BY, Names, manager},
    normal, pod, references,
};
use crate::{
    model::{ConfigHash, Object, Quantity, kind::JOB},
    settings::json::{at, at_mut},
};

/// Finishes a workload after the author's hook, so that what its sidecars refer to counts. The hash covers `files`; `variable`: container and
/// environment variable that carry it.
pub fn finish(object: &mut Object, names: &Names<'_>, files: &[File], variable: Option<(&'static str, &'static str)>) {
    let Some(node) = object.node.clone() else { return };
    let template = &mut object.json["spec"]["template"];
    pod::put(template, "labels", names.labels(Some(&node)));
    normal::template(template);
    let own: Vec<&str> = files.iter().map(|file| file.config_map.as_str()).collect();
    // The name that an author gave a Job is one that its run is added to.
    let base = if node.is_added() { object.name.clone() } else { names.base(&node.name) };
    let is_job = object.kind == &JOB;
    object.hash = Some(Box::new(ConfigHash {
        files: files::digest(files),
        reads: references::of(template, &own).into_iter().collect(),
        annotation: names.config_hash(),
        variable,
        job: is_job.then_some(base),
    }));
    if !is_job {
        object.json["spec"]["selector"] = json!({ "matchLabels": names.selector(&node.name) });
    }
    at_mut(&mut object.json, "spec.volumeClaimTemplates.*")
        .into_iter()
        .for_each(|claim| label(claim, names, &node.name));
    object.claims = claims(&object.json);
}

/// As the API server stores it, defaults included: the list is atomic, so its items are compared as a whole.
fn label(claim: &mut Value, names: &Names<'_>, node: &str) {
    let mut labels = names.of_node(node);
    // PVCs have no owner: they are watched by this label.
    labels.insert(MANAGED_BY.to_owned(), manager(names.definition).into());
    pod::put(claim, "labels", labels);
    claim["apiVersion"] = "v1".into();
    claim["kind"] = "PersistentVolumeClaim".into();
    let spec = claim.get_mut("spec").and_then(Value::as_object_mut);
    spec.into_iter().for_each(|spec| _ = spec.entry("volumeMode").or_insert_with(|| "Filesystem".into()));
}

/// Names and sizes of the PVCs in a StatefulSet's JSON.
fn claims(set: &Value) -> Vec<(String, Quantity)> {
    let claim = |claim: &Value| {
        let name = claim.pointer("/metadata/name")?.as_str()?;
        let size = claim.pointer("/spec/resources/requests/storage")?.as_str()?;
        Some((name.to_owned(), size.parse().ok()?))
    };
    at(set, "spec.volumeClaimTemplates.*").into_iter().filter_map(claim).collect()
}
