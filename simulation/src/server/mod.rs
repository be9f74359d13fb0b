//! The API server: what it stores, and the requests it answers.
//!
//! | module | holds |
//! | --- | --- |
//! | this one | [`ApiServer`]: its state, reading, requests and responses |
//! | `write` | create, apply and update |
//! | `parts` | what a request can set, and what counts as a change |
//! | `delete` | deletion, finalizers |
//! | `scale` | the subresource `scale` |

mod delete;
mod parts;
mod scale;
mod write;

use std::{collections::BTreeMap, fmt, sync::Arc};

use http::{Method, Request, Response, header};
use serde_json::{Value, json};

use crate::{
    call::{Call, Target},
    json::{put, text},
    kind::{Kind, built_in},
    log::{Change, Event},
    selector::Selector,
    status::Status,
};
pub use delete::{Deletion, Propagation};
pub(crate) use delete::{FOREGROUND, ORPHAN};

/// Changes an object before it is stored, as a mutating admission policy does, or refuses it with a message.
pub type Admission = Arc<dyn Fn(&Kind, &mut Value) -> Result<(), String> + Send + Sync>;

/// Key of an object: kind, namespace, name.
type Key = (String, String, String);

/// A model of an API server. Equal calls in equal order give equal answers.
#[derive(Clone)]
pub struct ApiServer {
    kinds: Vec<Arc<Kind>>,
    objects: BTreeMap<Key, Arc<Value>>,
    log: Vec<Event>,
    version: u64,
    created: u64,
    uid: Option<String>,
    now: u64,
    admission: Vec<Admission>,
    pub(crate) wakers: Vec<std::task::Waker>,
}

impl Default for ApiServer {
    fn default() -> Self {
        // Version 1 is in nobody's hands: an apply that names it creates or fails.
        let kinds = built_in().map(Arc::new).collect();
        let (objects, log, uid, admission, wakers) = Default::default();
        Self { kinds, objects, log, version: 100, created: 0, uid, now: 0, admission, wakers }
    }
}

impl fmt::Debug for ApiServer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ApiServer")
            .field("version", &self.version)
            .field("objects", &self.objects)
            .finish_non_exhaustive()
    }
}

impl ApiServer {
    /// An empty API server that serves the built-in kinds.
    pub fn new() -> Self {
        Self::default()
    }

    /// Serves a custom kind too.
    pub fn serve(&mut self, kind: Kind) {
        self.withdraw(&kind.id());
        self.kinds.push(Arc::new(kind));
    }

    /// Serves a kind no longer. Its objects stay where they are.
    pub fn withdraw(&mut self, id: &str) {
        self.kinds.retain(|kind| kind.id() != id);
    }

    /// Adds what changes or refuses objects before they are stored.
    pub fn admit(&mut self, admission: Admission) {
        self.admission.push(admission);
    }

    /// The next object that is created has this UID: what depends on it can then be compared with another API server's.
    pub fn give_uid(&mut self, uid: &str) {
        self.uid = Some(uid.to_owned());
    }

    /// Lets time pass. Nothing happens by that alone.
    pub fn pass(&mut self, seconds: u64) {
        self.now += seconds;
    }

    /// How many seconds have passed.
    pub fn seconds(&self) -> u64 {
        self.now
    }

    /// Forgets how objects came to be as they are: the log begins with them as they are now.
    pub fn forget_history(&mut self) {
        let event = |(kind, object): (&str, &Arc<Value>)| {
            let version = text(object, "/metadata/resourceVersion").parse().unwrap_or_default();
            Event { version, kind: kind.to_owned(), change: Change::Added, object: object.clone() }
        };
        self.log = self.all().map(event).collect();
        self.log.sort_by_key(|event| event.version);
    }

    /// The version of the last write.
    pub fn version(&self) -> u64 {
        self.version
    }

    /// All writes so far.
    pub fn log(&self) -> &[Event] {
        &self.log
    }

    /// An object by kind ([`Kind::id`]), namespace and name.
    pub fn get(&self, kind: &str, namespace: &str, name: &str) -> Option<Arc<Value>> {
        self.objects.get(&(kind.to_owned(), namespace.to_owned(), name.to_owned())).cloned()
    }

    /// All objects of a kind; an empty namespace stands for all.
    pub fn list(&self, kind: &str, namespace: &str) -> Vec<Arc<Value>> {
        let matches = |key: &Key| key.0 == kind && (namespace.is_empty() || key.1 == namespace);
        self.objects.iter().filter(|(key, _)| matches(key)).map(|(_, object)| object.clone()).collect()
    }

    /// All objects, with their kinds.
    pub fn all(&self) -> impl Iterator<Item = (&str, &Arc<Value>)> {
        self.objects.iter().map(|(key, object)| (key.0.as_str(), object))
    }

    /// Answers a request of the REST API. Watches aren't answered here: see [`crate::View`] and [`crate::client`].
    pub fn handle(&mut self, request: &Request<Vec<u8>>) -> Response<Vec<u8>> {
        let (code, body) = match self.answer(request) {
            Ok(answer) => answer,
            Err(status) => (status.code, status.to_json()),
        };
        let mut response = Response::new(body.to_string().into_bytes());
        *response.status_mut() = http::StatusCode::from_u16(code).unwrap_or(http::StatusCode::INTERNAL_SERVER_ERROR);
        response.headers_mut().insert(header::CONTENT_TYPE, header::HeaderValue::from_static("application/json"));
        response
    }

    fn answer(&mut self, request: &Request<Vec<u8>>) -> Result<(u16, Value), Status> {
        let call = Call::read(request, &self.kinds)?;
        let (target, dry) = (&call.target, call.is_dry_run());
        if target.subresource == "scale" {
            return self.answer_scale(request, &call);
        }
        let body = || serde_json::from_slice(request.body()).map_err(|error| Status::bad_request(error.to_string()));
        match *request.method() {
            Method::GET if target.name.is_empty() => Ok((200, self.list_of(&call)?)),
            Method::GET => Ok((200, (*self.stored(target)?).clone())),
            Method::POST if target.name.is_empty() => Ok((201, self.create_at(target, body()?, &call.manager(), dry)?)),
            Method::PATCH if content_type(request) == "application/apply-patch+yaml" => {
                let manager = apply_manager(&call)?;
                self.apply_at(target, body()?, &manager, call.parameter("force") == "true", dry)
            }
            Method::PATCH if !call.parameter("force").is_empty() => {
                let message = "Forbidden: may not be specified for non-apply patch".to_owned();
                Err(Status::invalid(
                    "PatchOptions.meta.k8s.io",
                    "",
                    &[("FieldValueForbidden", "force".to_owned(), message)],
                ))
            }
            Method::PATCH if content_type(request) == "application/merge-patch+json" => {
                let patch = body()?;
                let change = |object: &mut Value| crate::json::merge_patch(object, &patch);
                Ok((200, self.update_at(target, &call.manager(), dry, change)?))
            }
            Method::PATCH => Err(Status::unsupported_media_type(content_type(request))),
            Method::PUT => {
                let new: Value = body()?;
                Ok((200, self.update_at(target, &call.manager(), dry, |object| *object = new)?))
            }
            Method::DELETE if target.subresource.is_empty() => {
                let options = if request.body().is_empty() { json!({}) } else { body()? };
                let deletion = Deletion::read(&options, &call)?;
                if !target.name.is_empty() {
                    return Ok((200, self.delete_at(target, &deletion)?));
                }
                let list = self.list_of(&call)?;
                for item in crate::json::items(&list, "/items") {
                    let name = text(item, "/metadata/name").to_owned();
                    let namespace = text(item, "/metadata/namespace").to_owned();
                    self.delete_at(&Target { name, namespace, ..target.clone() }, &deletion)?;
                }
                Ok((200, list))
            }
            _ => Err(Status::method_not_allowed()),
        }
    }

    fn list_of(&self, call: &Call) -> Result<Value, Status> {
        let Target { kind, namespace, .. } = &call.target;
        let selector = Selector::parse(call.parameter("labelSelector"), call.parameter("fieldSelector"))
            .ok_or_else(|| Status::bad_request("unable to parse requirement"))?;
        let objects = self.list(&kind.id(), namespace);
        let items = objects.iter().filter(|object| selector.matches(object)).map(|object| {
            let mut item = (**object).clone();
            // Go leaves the type out of items whose type it knows.
            if kind.is_built_in() {
                put(&mut item, "/kind", Value::Null);
                put(&mut item, "/apiVersion", Value::Null);
            }
            item
        });
        let items: Vec<Value> = items.collect();
        Ok(json!({
            "kind": format!("{}List", kind.kind), "apiVersion": kind.api_version(),
            "metadata": { "resourceVersion": self.version.to_string() }, "items": items,
        }))
    }

    fn stored(&self, target: &Target) -> Result<Arc<Value>, Status> {
        let found = self.get(&target.kind.id(), &target.namespace, &target.name);
        found.ok_or_else(|| Status::not_found(&target.kind, &target.name))
    }

    /// The target of a call from within this crate.
    pub(crate) fn target(&self, kind: &str, namespace: &str, name: &str) -> Result<Target, Status> {
        let kind = self.kinds.iter().find(|served| served.id() == kind).cloned().ok_or_else(Status::not_served)?;
        Ok(Target { kind, namespace: namespace.to_owned(), name: name.to_owned(), subresource: String::new() })
    }

    pub(crate) fn call(&self, request: &Request<Vec<u8>>) -> Result<Call, Status> {
        Call::read(request, &self.kinds)
    }

    /// Stores an object, or removes it, under the next version.
    fn commit(&mut self, target: &Target, change: Change, mut object: Value) -> Value {
        self.version += 1;
        put(&mut object, "/metadata/resourceVersion", self.version.to_string());
        let key = (target.kind.id(), target.namespace.clone(), text(&object, "/metadata/name").to_owned());
        let shared = Arc::new(object.clone());
        self.log.push(Event { version: self.version, kind: key.0.clone(), change, object: shared.clone() });
        match change {
            Change::Deleted => self.objects.remove(&key),
            Change::Added | Change::Modified => self.objects.insert(key, shared),
        };
        self.wakers.drain(..).for_each(std::task::Waker::wake);
        object
    }

    /// The time in the form of Kubernetes; it starts on 2026-01-01.
    pub(crate) fn timestamp(&self, after: u64) -> String {
        let now = self.now + after;
        let (mut day, seconds) = (now / 86_400, now % 86_400);
        let (mut year, mut month) = (2026, 1);
        loop {
            let leap = year % 4 == 0 && (year % 100 != 0 || year % 400 == 0);
            let length = match month {
                2 => 28 + u64::from(leap),
                4 | 6 | 9 | 11 => 30,
                _ => 31,
            };
            if day < length {
                break;
            }
            day -= length;
            (year, month) = if month == 12 { (year + 1, 1) } else { (year, month + 1) };
        }
        let (hour, minute, second) = (seconds / 3600, seconds / 60 % 60, seconds % 60);
        format!("{year}-{month:02}-{:02}T{hour:02}:{minute:02}:{second:02}Z", day + 1)
    }
}

fn content_type(request: &Request<Vec<u8>>) -> &str {
    let value = request.headers().get(header::CONTENT_TYPE).and_then(|value| value.to_str().ok());
    value.unwrap_or_default().split(';').next().unwrap_or_default()
}

fn apply_manager(call: &Call) -> Result<String, Status> {
    if call.parameter("fieldManager").is_empty() {
        let cause =
            ("FieldValueRequired", "fieldManager".to_owned(), "Required value: is required for apply patch".to_owned());
        return Err(Status::invalid("PatchOptions.meta.k8s.io", "", &[cause]));
    }
    Ok(call.manager())
}
