//! A Secret that is generated, against an API server of a few lines: what is sent, what is kept, and that nothing of it shows anywhere.

use std::{
    io,
    sync::{Arc, Mutex},
};

use http::{Method, Request, Response};
use kube::{Client, client::Body};
use operator_core::{
    apply::{Outcome, Writer},
    definition::{Definition, SecretField},
    model::{Digest, Kind, kind::SECRET},
    plan::plan,
    state::{Answer, Child, Fact, Manager, Snapshot, Store},
    status,
};
use serde_json::{Value, json};

use crate::common::{DATA, body, built, cluster, entry, snapshot};

static DEFINITION: Definition = Definition {
    secrets: &[SecretField {
        readers: &[],
        field: "password",
        key: "password",
        env: None,
        file: None,
        folder: None,
        generate: Some(24),
    }],
    ..DATA
};

/// One Secret, and what was asked for.
#[derive(Clone, Default)]
struct ApiServer(Arc<Mutex<State>>);

#[derive(Default)]
struct State {
    secret: Option<Value>,
    /// The fields that the operator has set last.
    operator: Value,
    version: u64,
    requests: Vec<String>,
    refuses: bool,
}

impl ApiServer {
    fn client(&self) -> Client {
        let state = self.0.clone();
        let service = tower::service_fn(move |request: Request<Body>| {
            let state = state.clone();
            async move {
                let (head, body) = request.into_parts();
                let body = body.collect_bytes().await.unwrap();
                let sent = serde_json::from_slice(&body).unwrap_or_default();
                let (code, answer) = state.lock().unwrap().answer(&head.method, head.uri.path(), sent);
                Ok::<_, std::convert::Infallible>(
                    Response::builder().status(code).body(Body::from(answer.to_string().into_bytes())).unwrap(),
                )
            }
        });
        Client::new(service, "default")
    }

    fn data(&self) -> Value {
        self.0.lock().unwrap().secret.as_ref().unwrap()["data"].clone()
    }

    /// Someone sets a field, or removes it.
    fn change(&self, path: [&str; 3], value: Value) {
        let mut state = self.0.lock().unwrap();
        let path = path.into_iter().filter(|key| !key.is_empty()).rev();
        let patch = path.fold(value, |value, key| json!({ key: value }));
        let state = &mut *state;
        merge(state.secret.as_mut().unwrap(), &mut Value::Null, &patch);
        disown(&mut state.operator, &patch);
        state.version += 1;
    }

    fn requests(&self) -> Vec<String> {
        std::mem::take(&mut self.0.lock().unwrap().requests)
    }
}

impl State {
    fn answer(&mut self, method: &Method, path: &str, sent: Value) -> (u16, Value) {
        let all = "/api/v1/namespaces/default/secrets";
        let path = path.strip_prefix(all).unwrap();
        assert_eq!(path, if method == Method::POST { "" } else { "/a-password" });
        self.requests.push(method.to_string());
        if self.refuses {
            return error(422, &format!("data: Invalid value: {}", sent["data"]));
        }
        match &mut self.secret {
            Some(_) if method == Method::POST => return error(409, "already exists"),
            None if method == Method::POST => {
                self.operator = body(&sent);
                self.secret = Some(sent);
            }
            None => return error(404, "not found"),
            Some(secret) => {
                assert_eq!(sent["metadata"]["uid"], "uid-of-secret", "the one that was seen");
                merge(secret, &mut self.operator, &body(&sent));
            }
        }
        self.version += 1;
        (200, self.shown())
    }

    fn shown(&self) -> Value {
        let mut secret = self.secret.clone().unwrap();
        secret["metadata"]["uid"] = "uid-of-secret".into();
        secret["metadata"]["resourceVersion"] = (10 + self.version).to_string().into();
        secret["metadata"]["managedFields"] = json!([entry("data-operator", "Update", &self.operator)]);
        secret
    }
}

/// A merge patch (RFC 7386). Who changes a field owns it.
fn merge(stored: &mut Value, owned: &mut Value, patch: &Value) {
    match patch {
        Value::Object(patch) => {
            for (key, patch) in patch {
                if patch.is_null() {
                    stored.as_object_mut().unwrap().remove(key);
                } else if stored[key] != *patch {
                    merge(&mut stored[key], &mut owned[key], patch);
                }
            }
        }
        patch => {
            stored.clone_from(patch);
            owned.clone_from(patch);
        }
    }
}

fn disown(owned: &mut Value, patch: &Value) {
    for (key, patch) in patch.as_object().into_iter().flatten() {
        let Some(owned) = owned.as_object_mut() else { return };
        match owned.get_mut(key) {
            Some(within) if patch.is_object() => disown(within, patch),
            _ => drop(owned.remove(key)),
        }
    }
}

fn error(code: u16, message: &str) -> (u16, Value) {
    (
        code,
        json!({ "kind": "Status", "apiVersion": "v1", "status": "Failure", "code": code, "reason": "Invalid",
                   "message": message, "metadata": {} }),
    )
}

/// What is logged, by whatever part, at the finest level.
#[derive(Clone, Default)]
struct Log(Arc<Mutex<Vec<u8>>>);

impl io::Write for Log {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0.lock().unwrap().extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

struct Operator {
    server: ApiServer,
    store: Store,
    writer: Writer,
    facts: Vec<Fact>,
    /// What the Secret shall hold beside the password; empty: nothing.
    given: &'static str,
    shown: String,
}

impl Operator {
    fn new() -> Self {
        let server = ApiServer::default();
        let writer = Writer::new(server.client(), Manager::of(&DEFINITION));
        Self { server, store: Store::default(), writer, facts: Vec::new(), given: "", shown: String::new() }
    }

    /// As the watch would show it.
    fn sees(&mut self) {
        let text = self.server.0.lock().unwrap().shown().to_string();
        let child = Child::read(&Kind::Row(&SECRET), &[Manager::of(&DEFINITION)], &text).unwrap();
        self.store.apply(child);
    }

    fn snapshot(&self) -> Snapshot {
        Snapshot { facts: self.facts.clone(), ..snapshot(self.store.cluster("data-operator", "uid", "default", "a")) }
    }

    /// Returns the outcome, and what the next plan says of it.
    async fn step(&mut self) -> (Outcome, Option<String>) {
        let mut blueprint = built(&DEFINITION, &json!({})).unwrap();
        blueprint.objects.retain(|object| object.kind == &SECRET);
        if !self.given.is_empty() {
            let secret = Arc::make_mut(&mut blueprint.objects[0]);
            secret.json["data"] = json!({ "user": self.given });
            secret.intent = Digest::of(&secret.json);
        }
        let before = self.snapshot();
        let plan = plan(Ok(&blueprint), None, &before);
        let outcome = self.writer.execute(&plan, &cluster("a")).await;
        outcome.children.iter().for_each(|child| drop(self.store.apply(child.clone())));
        if !outcome.facts.is_empty() {
            self.facts.clone_from(&outcome.facts);
        }
        let after = self.snapshot();
        let next = operator_core::plan::plan(Ok(&blueprint), None, &after);
        let problem = status::problem(&next, &outcome.failed).map(|problem| problem.message);
        let status = status::report(Some(&blueprint), &next, &outcome.failed, &after);
        let json = json!([before, plan, after, next, status]);
        self.shown += &format!("{blueprint:?} {before:?} {plan:?} {outcome:?} {after:?} {next:?} {problem:?} {json}");
        (outcome, problem)
    }
}

#[tokio::test(flavor = "current_thread")]
async fn a_generated_secret_is_made_once_kept_and_shown_nowhere() {
    let log = Log::default();
    let subscriber = tracing_subscriber::fmt()
        .with_max_level(tracing::Level::TRACE)
        .with_writer({
            let log = log.clone();
            move || log.clone()
        })
        .finish();
    let _logging = tracing::subscriber::set_default(subscriber);
    let mut operator = Operator::new();

    let (outcome, problem) = operator.step().await;
    assert!(
        matches!(&outcome.facts[..], [Fact { answer: Answer::Stored { created: true, .. }, .. }]) && problem.is_none()
    );
    assert_eq!(operator.server.requests(), ["POST"], "one write, and no GET");
    let made = operator.server.data();
    let text =
        String::from_utf8(serde_json::from_value::<k8s_openapi::ByteString>(made["password"].clone()).unwrap().0)
            .unwrap();
    assert!(text.len() == 24 && text.chars().all(|c| c.is_ascii_alphanumeric()), "{}", text.len());
    operator.sees();
    operator.step().await;
    assert!(operator.server.requests().is_empty(), "it is as wanted");

    // Someone changes a label: it is put back, and what the Secret holds by then stays.
    let label = ["metadata", "labels", "app.kubernetes.io/instance"];
    operator.server.change(label, "b".into());
    operator.server.change(["data", "theirs", ""], "dGhlaXJz".into());
    operator.sees();
    operator.step().await;
    assert_eq!(operator.server.requests(), ["PATCH"]);
    let kept = json!({ "password": made["password"], "theirs": "dGhlaXJz" });
    assert_eq!(operator.server.data(), kept);
    operator.sees();
    operator.step().await;
    assert!(operator.server.requests().is_empty(), "it is as wanted");

    // Someone sets a password: it stays.
    operator.server.change(["data", "password", ""], "aHVzaGh1c2g=".into());
    operator.sees();
    operator.step().await;
    assert_eq!(operator.server.data()["password"], "aHVzaGh1c2g=");

    // Someone takes the key out: another value isn't made.
    operator.server.change(["data", "password", ""], Value::Null);
    operator.sees();
    let (_, problem) = operator.step().await;
    assert!(problem.unwrap().starts_with("Secret a-password: the key password was removed"));
    assert_eq!(operator.server.data(), json!({ "theirs": "dGhlaXJz" }));
    operator.server.change(["data", "password", ""], "b2xkb2xk".into());

    // What the API server quotes is said without it.
    operator.given = "Z2l2ZW5naXZlbg==";
    operator.server.0.lock().unwrap().refuses = true;
    operator.sees();
    let (_, problem) = operator.step().await;
    assert_eq!(problem.unwrap(), r#"Secret a-password: data: Invalid value: {"user":"…"}"#);
    assert!(operator.server.0.lock().unwrap().secret.is_some(), "it is never deleted to be made anew");

    let logged = String::from_utf8(log.0.lock().unwrap().clone()).unwrap();
    for secret in [made["password"].as_str().unwrap(), &text, "b2xkb2xk", "aHVzaGh1c2g=", operator.given] {
        assert!(!operator.shown.contains(secret), "{secret} in {}", operator.shown);
        assert!(!logged.contains(secret), "{secret} in {logged}");
    }
    assert!(operator.shown.contains("a-password"), "something is shown");
}

#[tokio::test(flavor = "current_thread")]
async fn a_generated_value_that_is_refused_is_shown_nowhere() {
    let mut operator = Operator::new();
    operator.server.0.lock().unwrap().refuses = true;
    let (_, problem) = operator.step().await;
    assert_eq!(problem.unwrap(), r#"Secret a-password: data: Invalid value: {"password":"…"}"#);
}
