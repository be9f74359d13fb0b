//! Whom a request is sent to: a real API server, or the model.

use std::{
    collections::BTreeMap,
    sync::{Arc, Mutex},
    time::Duration,
};

use http::Request;
use k8s_openapi::apiextensions_apiserver::pkg::apis::apiextensions::v1::CustomResourceDefinition;
use kube::{Client, client::Body};
use operator_simulation::{ApiServer, Kind, Rule, Shared, controllers};
use operator_testbed::{Component, Testbed};
use serde_json::{Value, json};

use super::steps::NAMESPACE;
use crate::setup::{eventually, install};

/// One of the two, and the UIDs that it gave.
pub struct Side {
    server: Server,
    uids: BTreeMap<String, String>,
}

enum Server {
    Real(Box<Real>),
    Model(Model),
}

struct Model {
    server: Shared,
    /// The namespace's name in the model.
    namespace: String,
}

struct Real {
    /// The control plane, if it is this test's own.
    testbed: Option<Testbed>,
    client: Client,
    namespace: String,
}

/// A control plane of its own, whose controllers are held, and the model, with the same kinds and policies.
pub async fn both() -> (Side, Side) {
    let testbed = Testbed::start().await.unwrap();
    let client = testbed.client().await.unwrap();
    let namespace = testbed.namespace("simulation").await.unwrap().name().to_owned();
    install(&client, widgets()).await;
    let real = Real { testbed: Some(testbed), client, namespace };
    real.overwrite_images().await;
    real.signal_controllers("STOP");
    let mut model = ApiServer::new();
    let rules = &[("spec.nodes", Rule::Map), ("status.conditions", Rule::Keys(&["type"]))];
    model.serve(Kind { scale: true, ..Kind::custom("simulation.test", "v1", "Widget", "widgets", rules) });
    model.admit(Arc::new(|kind, object| {
        if kind.kind == "Deployment" && object["metadata"]["labels"]["policy"] == "overwrite" {
            object["spec"]["template"]["spec"]["containers"][0]["image"] = "example.com/policy:1".into();
        }
        Ok(())
    }));
    let model = Side::model(Arc::new(Mutex::new(model)), NAMESPACE);
    (Side { server: Server::Real(Box::new(real)), uids: BTreeMap::new() }, model)
}

fn widgets() -> CustomResourceDefinition {
    let number = json!({ "type": "integer" });
    let node = json!({ "type": "object", "properties": { "replicas": number } });
    let condition = json!({ "type": "object", "required": ["type"],
        "properties": { "type": { "type": "string" }, "status": { "type": "string" } } });
    let schema = json!({ "type": "object", "properties": {
        "spec": { "type": "object", "properties": {
            "image": { "type": "string" }, "replicas": number,
            "nodes": { "type": "object", "additionalProperties": node },
        } },
        "status": { "type": "object", "properties": {
            "ready": number, "replicas": number,
            "conditions": { "type": "array", "x-kubernetes-list-type": "map", "x-kubernetes-list-map-keys": ["type"], "items": condition },
        } },
    } });
    let scale = json!({ "specReplicasPath": ".spec.replicas", "statusReplicasPath": ".status.replicas" });
    serde_json::from_value(json!({
        "metadata": { "name": "widgets.simulation.test" },
        "spec": {
            "group": "simulation.test", "scope": "Namespaced",
            "names": { "kind": "Widget", "plural": "widgets", "singular": "widget" },
            "versions": [{ "name": "v1", "served": true, "storage": true, "schema": { "openAPIV3Schema": schema },
                "subresources": { "status": {}, "scale": scale } }],
        },
    }))
    .unwrap()
}

impl Real {
    fn signal_controllers(&self, signal: &str) {
        self.testbed.as_ref().unwrap().signal(Component::ControllerManager, signal).unwrap();
    }

    /// Installs a policy that overwrites the image of Deployments with the label `policy: overwrite`, and waits until it does.
    async fn overwrite_images(&self) {
        let group = "/apis/admissionregistration.k8s.io/v1";
        let patch = r#"[JSONPatch{op: "replace", path: "/spec/template/spec/containers/0/image", value: "example.com/policy:1"}]"#;
        let rule = json!({ "apiGroups": ["apps"], "apiVersions": ["v1"], "operations": ["CREATE", "UPDATE"], "resources": ["deployments"] });
        let policy = json!({
            "apiVersion": "admissionregistration.k8s.io/v1", "kind": "MutatingAdmissionPolicy", "metadata": { "name": "overwrite" },
            "spec": {
                "failurePolicy": "Fail", "reinvocationPolicy": "Never",
                "matchConstraints": { "resourceRules": [rule], "objectSelector": { "matchLabels": { "policy": "overwrite" } } },
                "mutations": [{ "patchType": "JSONPatch", "jsonPatch": { "expression": patch } }],
            },
        });
        let binding = json!({
            "apiVersion": "admissionregistration.k8s.io/v1", "kind": "MutatingAdmissionPolicyBinding",
            "metadata": { "name": "overwrite" }, "spec": { "policyName": "overwrite" },
        });
        for (plural, object) in [("mutatingadmissionpolicies", policy), ("mutatingadmissionpolicybindings", binding)] {
            let (code, answer) = self.send("POST", "application/json", &format!("{group}/{plural}"), &object).await;
            assert_eq!(code, 201, "{answer}");
        }
        let mut probe = super::steps::deployment();
        probe["metadata"]["labels"]["policy"] = "overwrite".into();
        let path = format!("/apis/apps/v1/namespaces/{NAMESPACE}/deployments?dryRun=All");
        eventually("the policy to work", || async {
            let (_, answer) = self.send("POST", "application/json", &path, &probe).await;
            let image = answer.pointer("/spec/template/spec/containers/0/image").cloned();
            if image == Some("example.com/policy:1".into()) { Ok(()) } else { Err(answer.to_string()) }
        })
        .await;
    }

    async fn send(&self, method: &str, content: &str, path: &str, body: &Value) -> (u16, Value) {
        let request = request(method, content, path, body, &self.namespace);
        let response = self.client.send(request.map(Body::from)).await.unwrap();
        let code = response.status().as_u16();
        (code, answer(&response.into_body().collect_bytes().await.unwrap(), &self.namespace))
    }
}

impl Model {
    fn send(&self, method: &str, content: &str, path: &str, body: &Value) -> (u16, Value) {
        let request = request(method, content, path, body, &self.namespace);
        let response = self.server.lock().unwrap().handle(&request);
        (response.status().as_u16(), answer(response.body(), &self.namespace))
    }
}

/// A request in a side's own namespace.
fn request(method: &str, content: &str, path: &str, body: &Value, namespace: &str) -> Request<Vec<u8>> {
    let body = if body.is_null() { String::new() } else { body.to_string().replace(NAMESPACE, namespace) };
    let request = Request::builder().method(method).uri(path.replace(NAMESPACE, namespace));
    request.header("content-type", content).body(body.into_bytes()).unwrap()
}

/// An answer as if both sides' namespaces had one name.
fn answer(body: &[u8], namespace: &str) -> Value {
    let text = String::from_utf8_lossy(body).replace(namespace, NAMESPACE);
    // What isn't served is answered by plain text.
    serde_json::from_str(&text).unwrap_or(json!({ "kind": "Status", "reason": "NotFound" }))
}

impl Side {
    /// A namespace of the control plane that all tests share.
    pub fn real(client: &Client, namespace: &str) -> Self {
        let real = Real { testbed: None, client: client.clone(), namespace: namespace.to_owned() };
        Self { server: Server::Real(Box::new(real)), uids: BTreeMap::new() }
    }

    /// A namespace of a model.
    pub fn model(server: Shared, namespace: &str) -> Self {
        let model = Model { server, namespace: namespace.to_owned() };
        Self { server: Server::Model(model), uids: BTreeMap::new() }
    }

    /// Sends a request. Returns code and body.
    pub async fn send(&mut self, method: &str, content: &str, path: &str, body: &Value) -> (u16, Value) {
        let (code, answer) = match &mut self.server {
            Server::Real(real) => real.send(method, content, path, body).await,
            Server::Model(model) => model.send(method, content, path, body),
        };
        for object in std::iter::once(&answer).chain(answer["items"].as_array().into_iter().flatten()) {
            if let (Some(uid), Some(name)) = (object["metadata"]["uid"].as_str(), object["metadata"]["name"].as_str()) {
                self.uids.insert(uid.to_owned(), format!("uid-of-{name}"));
            }
        }
        (code, answer)
    }

    /// The object at a path; a `Status` or a list where there is none.
    pub async fn get(&mut self, path: &str) -> Value {
        self.send("GET", "", path, &Value::Null).await.1
    }

    pub fn normal(&self, object: &Value, is_steady: bool) -> Value {
        super::normal(object, is_steady, &self.uids)
    }

    /// Lets the real controllers go on, and waits until they have seen everything.
    pub async fn release(&mut self) {
        let Server::Real(real) = &self.server else { return };
        real.signal_controllers("CONT");
        eventually("the controllers to have seen the last owner", || async {
            let (code, object) = real.send("GET", "", &super::steps::last_owner(), &Value::Null).await;
            let seen = code == 404 || object["status"]["observedGeneration"] == object["metadata"]["generation"];
            if seen { Ok(()) } else { Err(object.to_string()) }
        })
        .await;
        // Each kind has a watch of its own, and says nothing of it.
        tokio::time::sleep(Duration::from_secs(1)).await;
    }

    /// Holds the real controllers, so that no one else writes anything.
    pub fn hold(&self) {
        if let Server::Real(real) = &self.server {
            real.signal_controllers("STOP");
        }
    }

    /// Lets the model's controllers come to rest.
    pub fn settle(&mut self) {
        if let Server::Model(model) = &self.server {
            assert!(controllers::settle(&mut model.server.lock().unwrap(), 100));
        }
    }

    /// What there is of workloads: their status, their pods and claims.
    pub async fn outcome(&mut self) -> Value {
        let mut outcome = serde_json::Map::new();
        for path in super::steps::workloads() {
            let list = self.get(&path).await;
            for item in list["items"].as_array().unwrap() {
                let name = item["metadata"]["name"].as_str().unwrap();
                let random = path.ends_with("pods") && !name.starts_with("store-");
                let plural = path.rsplit('/').next().unwrap();
                // Pods with random names are told apart by their number only.
                let key = if random {
                    format!("{plural} of {}", item["metadata"]["labels"]["app"])
                } else {
                    format!("{plural} {name}")
                };
                let seen = super::workload(item);
                match outcome.get_mut(&key).and_then(Value::as_array_mut) {
                    Some(seen_already) => seen_already.push(seen),
                    None => drop(outcome.insert(key, json!([seen]))),
                }
            }
        }
        outcome.into()
    }

    /// Waits until the garbage collector is done with an object.
    pub async fn wait_for_garbage(&self, path: &str, differences: &mut Vec<String>) {
        let Server::Real(real) = &self.server else { return };
        for _ in 0..200 {
            let (code, object) = real.send("GET", "", path, &Value::Null).await;
            if (code == 404) != path.contains("kept") && object["metadata"]["ownerReferences"].is_null() {
                return;
            }
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
        differences.push(format!("the garbage collector isn't done with {path}"));
    }
}
