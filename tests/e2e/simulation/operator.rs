//! The operator's own loop on the model brings about what the operator does on a real control plane.

use std::{
    collections::{BTreeMap, BTreeSet},
    sync::Arc,
    thread,
    time::Duration,
};

use operator_core::Cluster;
use operator_simulation::operator::{self, World};
use serde_json::{Map, Value, json};

use super::{
    comes_to,
    side::Side,
    steps::{Body, Chapter, DENIED, Step, at, life, life_with_jobs},
};
use crate::{
    kinds::Data,
    plans::Planned,
    setup::{Setup, eventually},
};

/// More than any chapter takes; less than until what was refused is tried again.
const PATIENCE: Duration = Duration::from_secs(120);
/// Why a policy denies [`DENIED`].
const MESSAGE: &str = "this image is not allowed";
/// The kinds in which the operator's work is seen.
const KINDS: [&str; 13] = [
    "configmaps",
    "secrets",
    "services",
    "statefulsets",
    "deployments",
    "daemonsets",
    "jobs",
    "poddisruptionbudgets",
    "horizontalpodautoscalers",
    "networkpolicies",
    "ingresses",
    "pods",
    "persistentvolumeclaims",
];

#[tokio::test]
async fn a_cluster_has_the_same_life_on_the_model() {
    same_life::<Data>("life", life).await;
}

#[tokio::test]
async fn a_cluster_with_jobs_has_the_same_life_on_the_model() {
    same_life::<Planned>("life-jobs", life_with_jobs).await;
}

async fn same_life<K: Cluster>(prefix: &str, life: fn() -> Vec<Chapter>) {
    let mut setup = Setup::without_operator_of::<K>(prefix).await;
    deny(&setup).await;
    let mut real = Observer::of::<K>(Side::real(&setup.client, &setup.namespace));
    let mut chapters = life().into_iter();
    let (installation, writes, _) = chapters.next().unwrap();
    real.take(installation, writes).await;
    // What is sent names the cluster's UID: digests are the same only where that is.
    let uid = real.side.get(&real.cluster).await["metadata"]["uid"].as_str().unwrap().to_owned();
    real.give_key::<K>(&uid).await;
    let mut expected = on_the_model::<K>(setup.namespace.clone(), uid, life).into_iter();
    setup.start::<K>().await;
    real.ends_as(&expected.next().unwrap(), installation).await;
    for ((name, writes, reason), expected) in chapters.zip(expected) {
        real.take(name, writes).await;
        if reason == "Ready" {
            setup.at_rest::<K>("a").await;
        }
        real.ends_as(&expected, name).await;
    }
}

/// Makes the real API server deny an image.
async fn deny(setup: &Setup) {
    let allowed = format!("object.spec.template.spec.containers.all(container, container.image != '{DENIED}')");
    setup.deny(("apps", "deployments"), (&["CREATE", "UPDATE"], &allowed, MESSAGE)).await;
    let mut probe = super::steps::deployment();
    probe["spec"]["template"]["spec"]["containers"][0]["image"] = DENIED.into();
    eventually("the policy to be enforced", || async {
        let mut side = Side::real(&setup.client, &setup.namespace);
        let path = format!("{}?dryRun=All", at("deployments", ""));
        let (_, answer) = side.send("POST", "application/json", &path, &probe).await;
        if answer["message"].to_string().contains(MESSAGE) { Ok(()) } else { Err(answer.to_string()) }
    })
    .await;
}

/// What the model comes to in each chapter.
fn on_the_model<K: Cluster>(namespace: String, uid: String, life: fn() -> Vec<Chapter>) -> Vec<Value> {
    // Its time is another than that of the test.
    let story = move || {
        operator::run::<K, _>(&namespace, async |world| {
            let model = Observer::of::<K>(Side::model(world.shared(), &namespace));
            world.server().give_uid(&uid);
            live::<K>(world, model, (&namespace, &uid), life()).await
        })
    };
    thread::spawn(story).join().unwrap().unwrap()
}

async fn live<K: Cluster>(
    mut world: World,
    mut model: Observer,
    (namespace, uid): (&str, &str),
    life: Vec<Chapter>,
) -> Vec<Value> {
    let policy =
        format!("ValidatingAdmissionPolicy '{namespace}' with binding '{namespace}' denied request: {MESSAGE}");
    world.server().admit(Arc::new(move |kind, object| {
        let image = &object["spec"]["template"]["spec"]["containers"][0]["image"];
        if kind.kind == "Deployment" && *image == *DENIED { Err(policy.clone()) } else { Ok(()) }
    }));
    let mut outcomes = Vec::new();
    for (name, writes, reason) in life {
        model.take(name, writes).await;
        if outcomes.is_empty() {
            model.give_key::<K>(uid).await;
        }
        world.settle(PATIENCE).await;
        let outcome = model.outcome().await;
        let conditions = &outcome["cluster"]["status"]["conditions"];
        let mut ready = conditions.as_array().into_iter().flatten().filter(|condition| condition["type"] == "Ready");
        let found = ready.next().map_or("", |ready| ready["reason"].as_str().unwrap());
        assert_eq!(found, reason, "{name}: {conditions:#}");
        outcomes.push(outcome);
        model.remember().await;
    }
    outcomes
}

/// Does what is done on one side, and looks at what it comes to.
struct Observer {
    side: Side,
    /// Path of the cluster.
    cluster: String,
    /// UIDs of what there was before this chapter.
    known: BTreeSet<String>,
}

impl Observer {
    fn of<K: Cluster>(side: Side) -> Self {
        Self { side, cluster: at(K::DEFINITION.plural, "a"), known: BTreeSet::new() }
    }

    async fn take(&mut self, name: &str, writes: Vec<Step>) {
        for step in writes {
            let Body::Json(body) = step.body else { panic!("{name}: a body that depends on what there is") };
            let (code, answer) = self.side.send(&step.method, step.content, &step.path, &body).await;
            assert!(code < 300, "{name}: {} {}: {answer}", step.method, step.path);
        }
    }

    /// The key of configuration hashes is random where the operator makes it. It makes none where pods read no Secret of others.
    async fn give_key<K: Cluster>(&mut self, uid: &str) {
        let definition = K::DEFINITION;
        if definition.kind != Planned::DEFINITION.kind {
            return;
        }
        let owner = json!({
            "apiVersion": definition.api_version(), "kind": definition.kind, "name": "a", "uid": uid, "controller": true,
        });
        let labels = json!({ "app.kubernetes.io/managed-by": "planned-operator" });
        let key = json!({
            "metadata": { "name": "a-config-hash-key", "labels": labels, "ownerReferences": [owner] }, "data": { "key": "a2V5" },
        });
        let (code, answer) = self.side.send("POST", "application/json", &at("secrets", ""), &key).await;
        assert_eq!(code, 201, "{answer}");
    }

    /// Waits until everything is as expected.
    async fn ends_as(&mut self, expected: &Value, name: &str) {
        let lines = comes_to(expected, async || self.outcome().await).await;
        assert!(lines.is_empty(), "{name}:\n{}", lines.join("\n"));
        self.remember().await;
    }

    /// Everything there is.
    async fn objects(&mut self) -> Vec<(&'static str, Value)> {
        let mut objects = Vec::new();
        for plural in KINDS {
            let list = self.side.get(&at(plural, "")).await;
            let items = list["items"].as_array().unwrap_or_else(|| panic!("{plural}: {list}")).iter();
            // The real control plane puts this into each namespace.
            let ours = items.filter(|item| item["metadata"]["name"] != "kube-root-ca.crt");
            objects.extend(ours.map(|item| (plural, item.clone())));
        }
        objects
    }

    /// The next chapter begins: what there is now is old in it.
    async fn remember(&mut self) {
        let objects = self.objects().await;
        self.known = objects.iter().map(|(_, object)| object["metadata"]["uid"].to_string()).collect();
    }

    /// The cluster's status, all objects, and which of them are older than this chapter.
    async fn outcome(&mut self) -> Value {
        let mut outcome = BTreeMap::<String, Vec<Value>>::new();
        for (plural, object) in self.objects().await {
            let is_old = self.known.contains(&object["metadata"]["uid"].to_string());
            let seen = match plural {
                "pods" | "persistentvolumeclaims" => super::workload(&object),
                _ => self.side.normal(&object, true),
            };
            let name = object["metadata"]["name"].as_str().unwrap();
            // Pods with random names are told apart by their number only.
            let owner = &object["metadata"]["ownerReferences"][0];
            let key = match plural {
                "pods" if owner["kind"] != "StatefulSet" => {
                    format!("pods of {}", object["metadata"]["labels"]["app.kubernetes.io/component"])
                }
                _ => format!("{plural} {name}"),
            };
            outcome.entry(key).or_default().push(json!({ "seen": seen, "old": is_old }));
        }
        outcome.values_mut().for_each(|seen| seen.sort_by_key(Value::to_string));
        let mut outcome: Map<String, Value> = outcome.into_iter().map(|(key, seen)| (key, seen.into())).collect();
        let cluster = self.side.get(&self.cluster).await;
        outcome.insert("cluster".to_owned(), cluster_of(&cluster));
        outcome.into()
    }
}

/// A cluster's status without times and without the process that wrote it, if there is the cluster.
fn cluster_of(cluster: &Value) -> Value {
    if cluster["kind"] == "Status" {
        return "gone".into();
    }
    let mut status = cluster["status"].clone();
    status.as_object_mut().map(|status| status.remove("operator"));
    for condition in status["conditions"].as_array_mut().into_iter().flatten() {
        condition["lastTransitionTime"].take();
    }
    json!({ "generation": cluster["metadata"]["generation"], "status": status })
}
