//! The model of operator-simulation answers as a real control plane does.
//!
//! | module | holds |
//! | --- | --- |
//! | this one | the comparison |
//! | `operator` | the operator itself, on both |
//! | `side` | a real API server, and the model |
//! | `steps` | what both are asked |

mod operator;
mod side;
mod steps;

use std::{collections::BTreeMap, time::Duration};

use serde_json::{Value, json};
use tokio::time::Instant;

use side::Side;
use steps::{Body, Step};

/// How long the real controllers may take. The garbage collector looks for new kinds every 30 seconds.
const PATIENCE: Duration = Duration::from_secs(60);

#[tokio::test]
async fn the_model_answers_as_the_real_control_plane_does() {
    let (mut real, mut model) = side::both().await;
    let mut differences = Vec::new();
    for step in steps::before_deletions() {
        compare(&mut real, &mut model, &step, &mut differences).await;
    }
    // A garbage collector decides by what it has seen: it must have seen the children before their owners go.
    real.release().await;
    real.hold();
    for step in steps::deletions() {
        compare(&mut real, &mut model, &step, &mut differences).await;
    }
    real.release().await;
    model.settle();
    for path in steps::garbage() {
        real.wait_for_garbage(&path, &mut differences).await;
        let step = Step { name: "after the garbage collection".to_owned(), ..Step::get(&path) };
        compare(&mut real, &mut model, &step, &mut differences).await;
    }
    assert!(differences.is_empty(), "{} differences:\n{}", differences.len(), differences.join("\n"));
}

#[tokio::test]
async fn the_models_controllers_bring_about_what_the_real_ones_do() {
    let (mut real, mut model) = side::both().await;
    real.release().await;
    let mut differences = Vec::new();
    for (name, writes) in steps::scenario() {
        for step in writes {
            let body = match step.body {
                Body::Json(body) => body,
                Body::Of(path, change) => change(real.get(&path).await),
            };
            for side in [&mut real, &mut model] {
                let (code, answer) = side.send(&step.method, step.content, &step.path, &body).await;
                assert!(code < 300, "{name}: {answer}");
            }
        }
        model.settle();
        let expected = model.outcome().await;
        let lines = comes_to(&expected, async || real.outcome().await).await;
        if !lines.is_empty() {
            differences.push(format!("== {name}\n{}", lines.join("\n")));
        }
    }
    assert!(differences.is_empty(), "{} differences:\n{}", differences.len(), differences.join("\n"));
}

/// Waits until what the real side comes to is what the model came to. Returns where it isn't.
async fn comes_to(expected: &Value, mut outcome: impl AsyncFnMut() -> Value) -> Vec<String> {
    // The real controllers take their time: what counts is whether they come to the same end.
    let mut lines = Vec::new();
    let end = Instant::now() + PATIENCE;
    loop {
        lines.clear();
        difference("", &outcome().await, expected, &mut lines);
        if lines.is_empty() || Instant::now() > end {
            return lines;
        }
        tokio::time::sleep(Duration::from_millis(100)).await;
    }
}

async fn compare(real: &mut Side, model: &mut Side, step: &Step, differences: &mut Vec<String>) {
    let (expected, got) = (observe(real, step).await, observe(model, step).await);
    let mut lines = Vec::new();
    if expected["code"] == got["code"] {
        difference("", &expected["seen"], &got["seen"], &mut lines);
    } else {
        lines.push(format!(
            "    real  {} {}\n    model {} {}",
            expected["code"], expected["message"], got["code"], got["message"]
        ));
    }
    if !lines.is_empty() {
        differences.push(format!("== {} ({} {})\n{}", step.name, step.method, step.path, lines.join("\n")));
    }
}

/// Where two values differ.
fn difference(path: &str, real: &Value, model: &Value, lines: &mut Vec<String>) {
    match (real, model) {
        (Value::Object(left), Value::Object(right)) => {
            let keys: std::collections::BTreeSet<_> = left.keys().chain(right.keys()).collect();
            for key in keys {
                let at = |map: &serde_json::Map<String, Value>| map.get(key).cloned().unwrap_or_default();
                difference(&format!("{path}/{key}"), &at(left), &at(right), lines);
            }
        }
        _ if real != model => lines.push(format!("{path}\n    real  {real}\n    model {model}")),
        _ => {}
    }
}

/// Takes a step. Returns what an operator could tell by it.
async fn observe(side: &mut Side, step: &Step) -> Value {
    let object = step.path.split('?').next().unwrap().trim_end_matches("/status").trim_end_matches("/scale").to_owned();
    let before = side.get(&object).await;
    let body = match &step.body {
        Body::Json(body) => body.clone(),
        Body::Of(path, change) => change(side.get(path).await),
    };
    let (code, answer) = side.send(&step.method, step.content, &step.path, &body).await;
    let after = side.get(&object).await;
    let causes = answer.pointer("/details/causes").and_then(Value::as_array).into_iter().flatten();
    let mut causes: Vec<Value> =
        causes.map(|cause| json!([cause["reason"], cause["field"], without_times(&cause["message"])])).collect();
    causes.sort_by_key(Value::to_string);
    // Metadata is checked twice.
    causes.dedup();
    let is_status = answer["kind"] == "Status";
    let known = |object: &Value| !object["metadata"]["uid"].is_null();
    let version = match (known(&before), known(&after)) {
        _ if !step.is_steady => "unsteady",
        (false, false) => "none",
        (false, true) => "new",
        (true, false) => "gone",
        _ if before["metadata"]["resourceVersion"] == after["metadata"]["resourceVersion"] => "same",
        _ => "changed",
    };
    let generation = |object: &Value| object["metadata"]["generation"].as_i64().unwrap_or(0);
    let mut found = json!({
        "reason": answer["reason"],
        "causes": if step.compares_causes { causes.into() } else { Value::Null },
        "answer": if is_status { "a Status".into() } else { side.normal(&answer, step.is_steady) },
        "version": version,
        "object": side.normal(&after, step.is_steady),
    });
    if step.is_steady && version != "gone" {
        found["generation"] = (generation(&after) - generation(&before)).into();
    }
    json!({ "code": code, "message": answer["message"], "seen": found })
}

/// Conflicts say since when a field is owned.
fn without_times(message: &Value) -> String {
    let message = message.as_str().unwrap_or_default();
    // The values in messages are printed by Go, as no one else does.
    let shown = message.split(" at 20").next().unwrap_or_default();
    match (shown.strip_prefix("Invalid value: "), shown.rsplit_once(": ")) {
        (Some(_), Some((_, rule))) => format!("Invalid value: …: {rule}"),
        _ => shown.to_owned(),
    }
}

/// Annotations that only the real controllers set.
const THEIR_ANNOTATIONS: [&str; 2] = ["deprecated.daemonset.template.generation", "deployment.kubernetes.io/revision"];

/// What both sides have in common: an object without what is random, with its entries by manager.
pub(crate) fn normal(object: &Value, is_steady: bool, uids: &BTreeMap<String, String>) -> Value {
    if object["metadata"]["uid"].is_null() || object["kind"] == "Scale" {
        return object["spec"].clone();
    }
    let custom = object["apiVersion"] == "simulation.test/v1";
    let metadata = &object["metadata"];
    let mut entries: Vec<Value> = metadata["managedFields"].as_array().cloned().unwrap_or_default();
    entries.retain(|entry| {
        let theirs = ["kube-controller-manager", "kube-scheduler", "kwok", "kube-apiserver"];
        !theirs.iter().any(|manager| entry["manager"] == *manager)
    });
    let entry = |entry: &Value| {
        let key = |field: &str| entry[field].as_str().unwrap_or_default().to_owned();
        let name = format!("{} {} {} {}", key("manager"), key("operation"), key("subresource"), key("apiVersion"));
        (name, entry["fieldsV1"].clone())
    };
    let entries: serde_json::Map<String, Value> = entries.iter().map(entry).collect();
    let mut rest = object.clone();
    if !custom {
        rest.as_object_mut().unwrap().remove("status");
    }
    if let Some(annotations) = rest["metadata"]["annotations"].as_object_mut() {
        annotations.retain(|key, _| !THEIR_ANNOTATIONS.contains(&key.as_str()));
        if annotations.is_empty() {
            rest["metadata"]["annotations"] = Value::Null;
        }
    }
    for field in ["clusterIP", "clusterIPs"] {
        let address = &rest["spec"][field];
        if !address.is_null() && !address.to_string().contains("None") {
            rest["spec"][field] = "an address".into();
        }
    }
    rest["metadata"] = json!({
        "labels": metadata["labels"], "annotations": rest["metadata"]["annotations"], "finalizers": metadata["finalizers"],
        "ownerReferences": metadata["ownerReferences"], "deleting": !metadata["deletionTimestamp"].is_null(),
    });
    let shown = if is_steady { rest } else { Value::Null };
    let mut text = json!({ "object": shown, "entries": entries }).to_string();
    for (uid, name) in uids {
        text = text.replace(uid, name);
    }
    serde_json::from_str(&text).unwrap()
}

/// What is compared of a workload, pod or claim: what follows from the spec, not from the moment.
pub(crate) fn workload(object: &Value) -> Value {
    let metadata = &object["metadata"];
    let random = [
        "controller-revision-hash",
        "pod-template-hash",
        "pod-template-generation",
        "controller-uid",
        "batch.kubernetes.io/controller-uid",
    ];
    let mut labels = metadata["labels"].as_object().cloned().unwrap_or_default();
    labels.iter_mut().filter(|(key, _)| random.contains(&key.as_str())).for_each(|(_, value)| *value = "random".into());
    // These the real one copies from the node.
    labels.retain(|key, _| key != "pod-template-generation" && !key.starts_with("topology.kubernetes.io/"));
    let owners = metadata["ownerReferences"].as_array().into_iter().flatten();
    let owners: Vec<Value> =
        owners.map(|owner| json!([owner["kind"], owner["controller"], owner["blockOwnerDeletion"]])).collect();
    let status = &object["status"];
    let numbers = [
        "observedGeneration",
        "replicas",
        "readyReplicas",
        "availableReplicas",
        "updatedReplicas",
        "currentReplicas",
        "unavailableReplicas",
        "numberReady",
        "numberAvailable",
        "desiredNumberScheduled",
        "currentNumberScheduled",
        "updatedNumberScheduled",
        "numberUnavailable",
        "succeeded",
        "failed",
        "active",
    ];
    // Nothing and 0 are the same to whoever reads them.
    let number =
        |field: &&str| Some(((*field).to_owned(), status[field].as_i64().filter(|number| *number != 0)?.into()));
    let numbers: serde_json::Map<String, Value> = numbers.iter().filter_map(number).collect();
    let conditions = status["conditions"].as_array().into_iter().flatten();
    let mut conditions: Vec<Value> = conditions
        .filter(|condition| {
            ["Ready", "Progressing", "Available", "Complete", "Failed"].iter().any(|kind| condition["type"] == *kind)
        })
        .map(|condition| json!([condition["type"], condition["status"]]))
        .collect();
    conditions.sort_by_key(Value::to_string);
    json!({
        "labels": labels, "owners": owners, "numbers": numbers, "conditions": conditions,
        "deleting": !metadata["deletionTimestamp"].is_null(), "phase": status["phase"],
        "storage": object["spec"]["resources"]["requests"], "host": object["spec"]["hostname"],
        "same revision": status["currentRevision"] == status["updateRevision"],
        "image": object["spec"]["containers"][0]["image"],
    })
}
