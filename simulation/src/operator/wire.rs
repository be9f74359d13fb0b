//! The operator's client: it notes every write, and loses some.

use std::{
    future::pending,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

use http::{Method, Request, Response};
use kube::client::Body;
use serde_json::Value;
use tokio::sync::Notify;

use crate::{ApiServer, Shared, client::locked};

/// What happens to a write.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Fault {
    /// The connection breaks before it arrives.
    RequestLost,
    /// It is done, and the answer doesn't come.
    AnswerLost,
    /// The operator dies before it arrives.
    DiesBefore,
    /// It is done, and the operator dies before it learns so.
    DiesAfter,
    /// The operator dies, and it arrives when [`Wire::arrive`] is called.
    DiesMeanwhile,
}

/// A write of the operator, events aside.
#[derive(Clone, Debug, PartialEq)]
pub struct Write {
    /// Method of the request.
    pub method: Method,
    /// Path of the request, without its query.
    pub path: String,
    /// Code of the answer.
    pub code: u16,
    /// Whether anything was changed by it.
    pub changed: bool,
    /// The object as it was.
    pub before: Option<Arc<Value>>,
}

/// What the client notes and what it shall lose.
#[derive(Clone, Debug, Default)]
pub struct Wire {
    noted: Arc<Mutex<Noted>>,
    /// Told when the operator dies.
    pub died: Arc<Notify>,
}

#[derive(Debug, Default)]
struct Noted {
    writes: Vec<Write>,
    /// What happens to the write after so many others.
    fault: Option<(usize, Fault)>,
    /// A write of an operator that is dead, which is still under way.
    late: Option<Request<Vec<u8>>>,
}

impl Wire {
    /// All writes so far.
    pub fn writes(&self) -> Vec<Write> {
        self.lock().writes.clone()
    }

    /// Number of writes so far.
    pub fn count(&self) -> usize {
        self.lock().writes.len()
    }

    /// What happens to the write after so many others; none: no more.
    pub fn fail(&self, fault: Option<(usize, Fault)>) {
        self.lock().fault = fault;
    }

    /// Whether something is still to happen to a write.
    pub fn is_failing(&self) -> bool {
        self.lock().fault.is_some()
    }

    /// A write of an operator that is dead arrives. Returns whether one was under way.
    pub fn arrive(&self, server: &mut ApiServer) -> bool {
        let late = self.lock().late.take();
        late.is_some_and(|request| {
            self.handle(&request, server, false);
            true
        })
    }

    /// The write of an operator that is dead which is still under way.
    pub fn under_way(&self) -> Option<Request<Vec<u8>>> {
        self.lock().late.clone()
    }

    /// A write of an operator that is dead is still under way.
    pub fn put_under_way(&self, late: Option<Request<Vec<u8>>>) {
        self.lock().late = late;
    }

    /// What [`Wire::under_way`] is: kind of the object, method and address, content.
    pub fn late(&self) -> Option<(String, String, Value)> {
        let noted = self.lock();
        let request = noted.late.as_ref()?;
        let (kind, ..) = place(request.uri().path())?;
        let body = serde_json::from_slice(request.body()).unwrap_or_default();
        Some((kind, format!("{} {}", request.method(), request.uri()), body))
    }

    /// A client of the model by this wire.
    pub fn client(&self, server: Shared, namespace: &str) -> kube::Client {
        let wire = self.clone();
        let service = tower::service_fn(move |request: Request<Body>| {
            let (wire, server) = (wire.clone(), server.clone());
            async move {
                let (head, body) = request.into_parts();
                let request =
                    Request::from_parts(head, body.collect_bytes().await.map_err(std::io::Error::other)?.to_vec());
                wire.answer(&request, &server).await
            }
        });
        kube::Client::new(service, namespace)
    }

    async fn answer(&self, request: &Request<Vec<u8>>, server: &Shared) -> Result<Response<Body>, std::io::Error> {
        let is_event = request.uri().path().contains("/events.k8s.io/");
        let fault = if *request.method() == Method::GET || is_event { None } else { self.lock().next_fault() };
        let lost = || Err(std::io::Error::other("the connection broke"));
        match fault {
            Some(Fault::RequestLost) => return lost(),
            Some(Fault::DiesBefore) => return self.die().await,
            Some(Fault::DiesMeanwhile) => {
                self.lock().late = Some(request.clone());
                return self.die().await;
            }
            _ => {}
        }
        let response = self.handle(request, &mut locked(server), is_event);
        match fault {
            Some(Fault::AnswerLost) => lost(),
            Some(Fault::DiesAfter) => self.die().await,
            _ => Ok(response.map(Body::from)),
        }
    }

    async fn die(&self) -> Result<Response<Body>, std::io::Error> {
        self.died.notify_one();
        pending().await
    }

    fn handle(&self, request: &Request<Vec<u8>>, server: &mut ApiServer, is_event: bool) -> Response<Vec<u8>> {
        let (path, version) = (request.uri().path(), server.version());
        let before = object_at(path.trim_end_matches("/status"), server);
        let response = server.handle(request);
        if *request.method() != Method::GET && !is_event {
            let (method, code) = (request.method().clone(), response.status().as_u16());
            let is_dry = request.uri().query().is_some_and(|query| query.contains("dryRun"));
            let changed = server.version() != version;
            if !is_dry {
                self.lock().writes.push(Write { method, path: path.to_owned(), code, changed, before });
            }
        }
        response
    }

    fn lock(&self) -> MutexGuard<'_, Noted> {
        self.noted.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Noted {
    fn next_fault(&mut self) -> Option<Fault> {
        match &mut self.fault {
            Some((0, _)) => self.fault.take().map(|(_, fault)| fault),
            Some((left, _)) => {
                *left -= 1;
                None
            }
            None => None,
        }
    }
}

/// The object that a path of the REST API names.
fn object_at(path: &str, server: &ApiServer) -> Option<Arc<Value>> {
    let (kind, namespace, name) = place(path)?;
    server.get(&kind, namespace, name)
}

/// Kind, namespace and last part of a path of the REST API.
fn place(path: &str) -> Option<(String, &str, &str)> {
    let parts: Vec<&str> = path.trim_start_matches('/').split('/').collect();
    let (kind, namespace) = match parts.as_slice() {
        ["api", _, _, namespace, plural, ..] => ((*plural).to_owned(), namespace),
        ["apis", group, _, _, namespace, plural, ..] => (format!("{plural}.{group}"), namespace),
        _ => return None,
    };
    Some((kind, namespace, parts.last()?))
}
