//! A Secret that is generated, against an API server of a few lines: what is sent, what is kept, and that nothing of it shows anywhere.

use std::{
    io,
    sync::{Arc, Mutex},
};

use http::{Method, Request, Response};
use kube::{Client, client::Body};
use operator_core::{
    ClusterStatus,
    apply::{Outcome, Writer},
    definition::{Definition, SecretField},
    model::kind::SECRET,
    plan::{Inputs, plan},
    render::{Content, Desired, Revisions, build},
    state::{Child, Raw, Store},
    status::Facts,
};
use serde_json::{Value, json};

use crate::common::{DATA, body, cluster, entry};

static DEFINITION: Definition = Definition {
    secrets: &[SecretField { field: "password", key: "password", env: None, file: None, generate: Some(24) }],
    ..DATA
};

/// One Secret, and what was asked for.
#[derive(Clone, Default)]
struct ApiServer(Arc<Mutex<State>>);

#[derive(Default)]
struct State {
    secret: Option<Value>,
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

    fn change(&self, change: impl FnOnce(&mut Value)) {
        let mut state = self.0.lock().unwrap();
        state.version += 1;
        let version = state.version.to_string();
        let secret = state.secret.as_mut().unwrap();
        change(secret);
        secret["metadata"]["resourceVersion"] = version.into();
    }

    fn requests(&self) -> Vec<String> {
        std::mem::take(&mut self.0.lock().unwrap().requests)
    }
}

impl State {
    fn answer(&mut self, method: &Method, path: &str, sent: Value) -> (u16, Value) {
        assert_eq!(path, "/api/v1/namespaces/default/secrets/a-password");
        self.requests.push(method.to_string());
        if method == Method::GET {
            return self.secret.clone().map_or_else(|| error(404, "not found"), |secret| (200, secret));
        }
        if self.refuses {
            return error(422, &format!("data: Invalid value: {}", sent["data"]));
        }
        let creates = sent["metadata"]["resourceVersion"] == "1";
        if creates && self.secret.is_some() {
            return error(409, "conflict");
        }
        if !creates
            && sent["metadata"]["resourceVersion"] != self.secret.as_ref().unwrap()["metadata"]["resourceVersion"]
        {
            return error(409, "conflict");
        }
        self.version += 1;
        let mut stored = sent;
        let applied = entry("data-operator", "Apply", &body(&stored));
        stored["metadata"]["uid"] = "uid-of-secret".into();
        stored["metadata"]["resourceVersion"] = (10 + self.version).to_string().into();
        self.version += 10;
        stored["metadata"]["managedFields"] = json!([applied]);
        self.secret = Some(stored.clone());
        (200, stored)
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
    shown: String,
}

impl Operator {
    fn new() -> Self {
        let server = ApiServer::default();
        let writer = Writer {
            client: server.client(),
            manager: "data-operator".to_owned(),
            node_label: "tests.example.com/node".to_owned(),
            wrote: std::sync::Arc::new(|_, _| {}),
        };
        Self { server, store: Store::default(), writer, shown: String::new() }
    }

    fn desired() -> Desired {
        build(&cluster("a"), Revisions { newest: &json!({}) }, &DEFINITION, &|_| Content::Unknown).unwrap()
    }

    /// As the watch would show it.
    fn sees(&mut self) {
        let secret = self.server.0.lock().unwrap().secret.clone().unwrap();
        let raw: Raw = serde_json::from_value(secret).unwrap();
        self.shown += &format!("{raw:?}");
        let child = Child::reduce(&SECRET, "data-operator", "tests.example.com/node", &raw.object()).unwrap();
        self.store.apply(child);
    }

    async fn step(&mut self) -> Outcome {
        let desired = Self::desired();
        let observed = self.store.cluster("uid", "default", "a");
        let plan = plan(&desired, &Inputs::new(&observed)).unwrap();
        let outcome = self.writer.execute(&plan, "default", "uid", &self.store).await;
        let problem = outcome.problem();
        let status = ClusterStatus::report(&Facts {
            problem: problem.as_ref(),
            ..Facts::new(1, Some(&desired), &observed, "2026-01-01T00:00:00Z".parse().unwrap())
        });
        self.shown += &format!("{desired:?} {observed:?} {plan:?} {outcome:?} {:?} {status:?}", self.store);
        outcome
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

    assert!(operator.step().await.refused.is_empty());
    assert_eq!(operator.server.requests(), ["PATCH"], "one write, and no GET");
    let made = operator.server.data();
    let text =
        String::from_utf8(serde_json::from_value::<k8s_openapi::ByteString>(made["password"].clone()).unwrap().0)
            .unwrap();
    assert!(text.len() == 24 && text.chars().all(|c| c.is_ascii_alphanumeric()), "{}", text.len());
    operator.sees();
    operator.step().await;
    assert!(operator.server.requests().is_empty(), "it is as wanted");

    // Someone changes a label: it is put back, with the content as it is by then.
    operator.server.change(|secret| {
        secret["metadata"]["labels"]["app.kubernetes.io/instance"] = "b".into();
        secret["data"]["theirs"] = "dGhlaXJz".into();
    });
    operator.sees();
    operator.step().await;
    assert_eq!(operator.server.requests(), ["GET", "PATCH"]);
    assert_eq!(operator.server.data()["password"], made["password"]);

    // Someone takes the key out: it is made anew.
    operator.server.change(|secret| {
        secret["data"].as_object_mut().unwrap().remove("password");
    });
    operator.sees();
    operator.step().await;
    operator.server.requests();
    let anew = operator.server.data()["password"].as_str().unwrap().to_owned();
    assert_ne!(anew, made["password"].as_str().unwrap());

    // What the API server quotes is said without it.
    operator.sees();
    operator.server.change(|secret| secret["metadata"]["labels"]["app.kubernetes.io/instance"] = "b".into());
    operator.server.0.lock().unwrap().refuses = true;
    operator.sees();
    let outcome = operator.step().await;
    assert_eq!(outcome.problem().unwrap().message, r#"Secret a-password: data: Invalid value: {"password":"…"}"#);
    assert!(operator.server.0.lock().unwrap().secret.is_some(), "it is never deleted to be made anew");

    let logged = String::from_utf8(log.0.lock().unwrap().clone()).unwrap();
    for secret in [made["password"].as_str().unwrap(), &text, &anew] {
        assert!(!operator.shown.contains(secret), "{secret} in {}", operator.shown);
        assert!(!logged.contains(secret), "{secret} in {logged}");
    }
    assert!(operator.shown.contains("a-password"), "something is shown");
}
