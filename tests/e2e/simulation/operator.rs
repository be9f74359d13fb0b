//! The operator's own loop on the model brings about what the operator does on a real control plane.

use std::{
    collections::{BTreeMap, BTreeSet},
    sync::Arc,
    thread,
    time::Duration,
};

use operator_simulation::operator::{self, World};
use serde_json::{Map, Value, json};

use super::{
    comes_to,
    side::Side,
    steps::{Body, DENIED, Step, at, life},
};
use crate::{
    kinds::Data,
    setup::{Setup, eventually},
};

/// More than any step takes; less than until what was refused is tried again.
const PATIENCE: Duration = Duration::from_secs(120);
/// Why a policy denies [`DENIED`].
const MESSAGE: &str = "this image is not allowed";
/// The kinds in which the operator's work is seen.
const KINDS: [&str; 11] = [
    "configmaps",
    "secrets",
    "services",
    "statefulsets",
    "deployments",
    "poddisruptionbudgets",
    "horizontalpodautoscalers",
    "networkpolicies",
    "ingresses",
    "pods",
    "persistentvolumeclaims",
];

#[tokio::test]
async fn a_cluster_has_the_same_life_on_the_model() {
    let mut setup = Setup::without_operator_of::<Data>("life").await;
    deny(&setup).await;
    let mut real = Observer::of(Side::real(&setup.client, &setup.namespace));
    let mut steps = life().into_iter();
    let (installation, writes, _) = steps.next().unwrap();
    real.take(installation, writes).await;
    // What is sent names the cluster's UID: digests are the same only where that is.
    let uid = real.side.get(&at("datas", "a")).await["metadata"]["uid"].as_str().unwrap().to_owned();
    let mut expected = on_the_model(setup.namespace.clone(), uid).into_iter();
    setup.start::<Data>().await;
    real.ends_as(&expected.next().unwrap(), installation).await;
    for ((name, writes, reason), expected) in steps.zip(expected) {
        real.take(name, writes).await;
        if reason == "Ready" {
            setup.at_rest::<Data>("a").await;
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

/// What the model comes to in each step.
fn on_the_model(namespace: String, uid: String) -> Vec<Value> {
    // Its time is another than that of the test.
    let story = move || operator::run::<Data, _>(&namespace, async |world| live(world, &namespace, &uid).await);
    thread::spawn(story).join().unwrap().unwrap()
}

async fn live(mut world: World, namespace: &str, uid: &str) -> Vec<Value> {
    let policy =
        format!("ValidatingAdmissionPolicy '{namespace}' with binding '{namespace}' denied request: {MESSAGE}");
    world.server().admit(Arc::new(move |kind, object| {
        let image = &object["spec"]["template"]["spec"]["containers"][0]["image"];
        if kind.kind == "Deployment" && *image == *DENIED { Err(policy.clone()) } else { Ok(()) }
    }));
    world.server().give_uid(uid);
    let mut model = Observer::of(Side::model(world.shared(), namespace));
    let mut outcomes = Vec::new();
    for (name, writes, reason) in life() {
        model.take(name, writes).await;
        world.settle(PATIENCE).await;
        let outcome = model.outcome().await;
        let conditions = &outcome["cluster"]["status"]["conditions"];
        let mut ready = conditions.as_array().into_iter().flatten().filter(|condition| condition["type"] == "Ready");
        assert_eq!(
            ready.next().map_or("", |ready| ready["reason"].as_str().unwrap()),
            reason,
            "{name}: {conditions:#}"
        );
        outcomes.push(outcome);
        model.remember().await;
    }
    outcomes
}

/// Does what is done on one side, and looks at what it comes to.
struct Observer {
    side: Side,
    /// UIDs of what there was before this step.
    known: BTreeSet<String>,
}

impl Observer {
    fn of(side: Side) -> Self {
        Self { side, known: BTreeSet::new() }
    }

    async fn take(&mut self, name: &str, writes: Vec<Step>) {
        for step in writes {
            let Body::Json(body) = step.body else { continue };
            let (code, answer) = self.side.send(&step.method, step.content, &step.path, &body).await;
            assert!(code < 300, "{name}: {} {}: {answer}", step.method, step.path);
        }
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

    /// The next step begins: what there is now is old in it.
    async fn remember(&mut self) {
        let objects = self.objects().await;
        self.known = objects.iter().map(|(_, object)| object["metadata"]["uid"].to_string()).collect();
    }

    /// The cluster's status, all objects, and which of them are older than this step.
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
                "pods" if owner["kind"] == "ReplicaSet" => {
                    format!("pods of {}", object["metadata"]["labels"]["app.kubernetes.io/component"])
                }
                _ => format!("{plural} {name}"),
            };
            outcome.entry(key).or_default().push(json!({ "seen": seen, "old": is_old }));
        }
        outcome.values_mut().for_each(|seen| seen.sort_by_key(Value::to_string));
        let mut outcome: Map<String, Value> = outcome.into_iter().map(|(key, seen)| (key, seen.into())).collect();
        let cluster = self.side.get(&at("datas", "a")).await;
        outcome.insert("cluster".to_owned(), cluster_of(&cluster));
        outcome.into()
    }
}

/// A cluster's status without times, if there is the cluster.
fn cluster_of(cluster: &Value) -> Value {
    if cluster["kind"] == "Status" {
        return "gone".into();
    }
    let mut status = cluster["status"].clone();
    for condition in status["conditions"].as_array_mut().into_iter().flatten() {
        condition["lastTransitionTime"].take();
    }
    json!({ "generation": cluster["metadata"]["generation"], "status": status })
}
