//! The writer: every request of the operator that changes something goes through here. It takes no decisions; what the API server answers is
//! a fact for the next snapshot.
//!
//! | module | holds |
//! | --- | --- |
//! | `request` | what is sent for each action |
//! | `secret` | the content of Secrets that are generated |
//! | `failure` | why a request didn't go through |
//! | `rehearse` | what a write would come to |

mod failure;
mod rehearse;
mod request;
mod secret;

use std::{sync::Arc, time::Duration};

use futures::{StreamExt, stream};
use http::Request;
use k8s_openapi::jiff::Timestamp;
use kube::{Client, client::Body};
use serde_json::Value;
use tokio::{sync::watch, time::Instant};

use crate::{
    model::{
        Identity, Kind, Object,
        kind::{CLAIM, SECRET},
    },
    plan::{Action, Plan, Verb},
    state::{
        Answer, Child, Fact, Manager,
        child::{self, Metadata},
        fact::{Controller, Failed, Refusal},
    },
};
pub use failure::Failure;
pub use rehearse::Rehearsal;
use request::Requests;

/// Writes of one cluster that are under way at once.
const PARALLEL: usize = 16;
/// How long one write may take before it counts as failed.
const TIMEOUT: Duration = Duration::from_secs(30);

/// Writes to the API server in an operator's name.
#[derive(Clone)]
pub struct Writer {
    client: Client,
    manager: Manager,
    /// Which of several processes writes.
    instance: Arc<str>,
    /// Until when it may write; none: for ever.
    until: Option<watch::Receiver<Instant>>,
    clock: fn() -> Timestamp,
}

/// What came of a plan.
#[derive(Debug, Default)]
pub struct Outcome {
    /// What was done.
    pub done: Vec<(Verb, Kind, String)>,
    /// Objects as they were stored or found.
    pub children: Vec<Child>,
    /// UIDs of what was deleted.
    pub deleted: Vec<Box<str>>,
    /// What the API server answered.
    pub facts: Vec<Fact>,
    /// What failed and may work later.
    pub failed: Vec<Failed>,
    /// UIDs of objects that aren't as they were known: gone, or changed meanwhile.
    pub doubtful: Vec<Box<str>>,
}

impl Outcome {
    /// Whether something was answered on which another plan decides at once.
    pub fn is_news(&self) -> bool {
        self.facts.iter().any(|fact| !matches!(fact.answer, Answer::Stored { .. } | Answer::Deleted))
            || self.done.iter().any(|(verb, _, _)| *verb == Verb::Inspect)
    }

    /// Whether what comes later must not be done now.
    fn stops(&self) -> bool {
        let stops = |fact: &Fact| match fact.answer {
            // A claim that can't grow is in nobody's way.
            Answer::Refused(_) => fact.kind != &CLAIM,
            Answer::WouldBeRefused(_)
            | Answer::WouldBeStored
            | Answer::NoRoom
            | Answer::Exists
            | Answer::Foreign(_)
            | Answer::Unowned(_) => true,
            Answer::Stored { .. } | Answer::Deleted => false,
        };
        self.failed.iter().any(|failed| failed.is_needed) || self.facts.iter().any(stops)
    }

    fn note(&mut self, action: &Action, result: Result<Done, Failure>, at: Timestamp) {
        let (kind, name) = action.target();
        let fact = |answer: Answer| Fact {
            kind: kind.clone(),
            name: name.to_owned(),
            sent: action.sent(),
            found: action.found().cloned(),
            at,
            put_back: 0,
            answer,
        };
        let mut done = || self.done.push((action.verb(), kind.clone(), name.to_owned()));
        if let Err(Failure { code: Some(404 | 409), .. }) = result {
            self.doubtful.extend(action.uid().map(Box::from));
        }
        match result {
            Ok(Done::Stored(child)) => {
                done();
                let created = action.verb() == Verb::Create;
                self.facts.push(fact(Answer::Stored { uid: child.uid.clone(), seen: child.seen, created }));
                self.children.push(*child);
            }
            Ok(Done::Found(child)) => {
                done();
                self.children.push(*child);
            }
            Ok(Done::Gone) => {
                done();
                self.facts.push(fact(Answer::Deleted));
            }
            Ok(Done::Foreign(controller)) => self.facts.push(fact(Answer::Foreign(controller))),
            Ok(Done::Unowned(child)) => self.facts.push(fact(Answer::Unowned(child))),
            Ok(Done::Tried) => self.facts.push(fact(Answer::WouldBeStored)),
            Ok(Done::Deleted(uid)) => {
                done();
                self.deleted.push(uid);
                self.facts.push(fact(Answer::Deleted));
            }
            Err(failure) if action.verb() == Verb::Create && failure.is_conflict() => {
                self.facts.push(fact(Answer::Exists));
            }
            Err(failure) if action.verb() == Verb::Try && failure.is_full_of(kind) => {
                self.facts.push(fact(Answer::NoRoom));
            }
            // A class that doesn't let its volumes grow is said to forbid it.
            // What is to be deleted stays, and is in nobody's way: tried again as what fails.
            Err(failure)
                if (failure.is_refusal() && action.verb() != Verb::Delete)
                    || (action.verb() == Verb::Grow && failure.code == Some(403)) =>
            {
                // A policy can always be changed: another object wouldn't help.
                let immutable = action.verb() != Verb::Release && failure.is_about(kind);
                let refusal = Refusal { immutable, message: failure.message };
                let tried = action.verb() == Verb::Try;
                self.facts.push(fact(if tried { Answer::WouldBeRefused(refusal) } else { Answer::Refused(refusal) }));
            }
            Err(failure) => self.failed.push(Failed {
                message: format!("{} {name}: {}", kind.kind, failure.message),
                again: failure.again,
                is_needed: kind.needed_by_pods || kind.is_workload(),
            }),
        }
    }
}

/// What became of an action.
enum Done {
    /// The object as it is stored now.
    Stored(Box<Child>),
    /// An object that is there and is the cluster's.
    Found(Box<Child>),
    /// An object that is another owner's.
    Foreign(Controller),
    /// An object that is nobody's.
    Unowned(Box<Child>),
    /// There is no object of this name any more.
    Gone,
    /// A new one could be stored.
    Tried,
    /// The object with this UID is being deleted.
    Deleted(Box<str>),
}

impl Writer {
    /// Writes in the name of `manager`.
    pub fn new(client: Client, manager: Manager) -> Self {
        let instance = manager.name.as_str().into();
        Self { client, manager, instance, until: None, clock: Timestamp::now }
    }

    /// As one of several processes, which may write until then.
    #[must_use]
    pub fn as_instance(self, instance: &str, until: Option<watch::Receiver<Instant>>) -> Self {
        Self { instance: instance.into(), until, ..self }
    }

    /// With another clock than the machine's.
    #[must_use]
    pub fn with_clock(self, clock: fn() -> Timestamp) -> Self {
        Self { clock, ..self }
    }

    /// The time, as facts and snapshots have it.
    pub fn now(&self) -> Timestamp {
        (self.clock)()
    }

    /// Carries out a plan: configuration and Services, then workloads, then what is about workloads, then deletions; each stage in
    /// parallel, and only where all went well before.
    pub async fn execute(&self, plan: &Plan, cluster: &Identity) -> Outcome {
        let mut outcome = Outcome::default();
        let mut stages: Vec<_> = plan.actions.iter().map(Action::stage).collect();
        // Deletions have none, and come last.
        stages.sort_by_key(|stage| (stage.is_none(), *stage));
        stages.dedup();
        for stage in stages {
            let mut writes = Vec::new();
            for action in plan.actions.iter().filter(|action| action.stage() == stage) {
                writes.push(async move { (action, self.act(action, cluster).await) });
            }
            let results: Vec<_> = stream::iter(writes).buffer_unordered(PARALLEL).collect().await;
            results.into_iter().for_each(|(action, result)| outcome.note(action, result, self.now()));
            if outcome.stops() {
                break;
            }
        }
        outcome.done.sort();
        outcome
    }

    async fn act(&self, action: &Action, cluster: &Identity) -> Result<Done, Failure> {
        let (kind, name) = action.target();
        let requests = Requests::new(&self.manager.name, kind, &cluster.namespace, name);
        match action {
            Action::Create { object, replicas } => self.store(kind, requests.create(object, *replicas)?).await,
            Action::Apply { object, found: (uid, _), hands_over, generate } => {
                if let Some(request) = requests.hand_over(object, uid, *hands_over)? {
                    self.send(request).await?;
                }
                self.store(kind, requests.apply(object, uid, generate)?).await
            }
            Action::Inspect { object } => self.inspect(object, &requests, cluster).await,
            Action::Try { object, .. } => {
                self.send(requests.dry_run(object)?).await?;
                Ok(Done::Tried)
            }
            Action::Release { found: (uid, _), .. } => {
                let answer = self.send(requests.release(kind, uid)?).await?;
                self.child(kind, &answer).map(Done::Found)
            }
            Action::Grow { found: (uid, _), size, .. } => {
                let answer = self.send(requests.grow(uid, size)?).await?;
                self.child(kind, &answer).map(Done::Stored)
            }
            Action::Replace { uid, version, .. } => {
                match self.send(requests.delete(uid, Some(*version), action.propagation())?).await {
                    Err(failure) if failure.code != Some(404) => Err(failure),
                    _ => Ok(Done::Deleted(uid.clone())),
                }
            }
            Action::Delete { uid, version, .. } => {
                match self.send(requests.delete(uid, *version, action.propagation())?).await {
                    Ok(_) => Ok(Done::Deleted(uid.clone())),
                    Err(failure) if failure.is_gone() => Ok(Done::Deleted(uid.clone())),
                    Err(failure) => Err(failure),
                }
            }
        }
    }

    /// Sends what shall be stored. Values of a Secret that the API server quotes, given or generated, go no further.
    async fn store(&self, kind: &Kind, request: Request<Vec<u8>>) -> Result<Done, Failure> {
        let secret = (*kind == &SECRET).then(|| serde_json::from_slice(request.body()).unwrap_or_default());
        let answer = self.send(request).await;
        let answer = answer.map_err(|failure| match &secret {
            Some(secret) => failure.without_values(secret),
            None => failure,
        });
        self.child(kind, &answer?).map(Done::Stored)
    }

    /// Whose an object is that is there and wasn't known. It is the cluster's where the answer to a create got lost, or where someone took the
    /// label by which it is watched.
    async fn inspect(&self, object: &Object, requests: &Requests<'_>, cluster: &Identity) -> Result<Done, Failure> {
        let answer = match self.send(requests.get()?).await {
            Err(failure) if failure.code == Some(404) => return Ok(Done::Gone),
            answer => answer?,
        };
        let text = std::str::from_utf8(&answer).unwrap_or_default();
        let found: child::Object<'_> = serde_json::from_str(text).map_err(|error| Failure::unreadable(&error))?;
        let child = self.child(&object.kind, &answer)?;
        let controller = match (&child.controller, found.metadata.controller()) {
            // One that isn't watched and is being deleted is as good as another's: its name is free in a moment.
            (Some(uid), _) if **uid == *cluster.uid && (child.watched || !child.deleting) => {
                return Ok(Done::Found(child));
            }
            (_, Some(controller)) => {
                Controller { kind: controller.kind.to_string(), name: controller.name.to_string() }
            }
            (Some(uid), None) if !object.kind.namespaced => {
                Controller { kind: "the cluster with the UID".to_owned(), name: uid.to_string() }
            }
            _ => return Ok(Done::Unowned(child)),
        };
        Ok(Done::Foreign(controller))
    }

    fn child(&self, kind: &Kind, answer: &[u8]) -> Result<Box<Child>, Failure> {
        let child = std::str::from_utf8(answer)
            .ok()
            .and_then(|text| Child::read(kind, std::slice::from_ref(&self.manager), text));
        child.map(Box::new).ok_or_else(|| Failure::text("the API server's answer has no name or version"))
    }

    /// Changes the status of a custom resource that has this version, by a merge patch: a new cluster of the same name doesn't get the status
    /// of an old one. (Its UID would say so, too, but the API server doesn't look at that where only a status is written.) Returns the version
    /// that the custom resource got by it; `None` where it has another by now, or is gone.
    ///
    /// # Errors
    /// Where the request doesn't go through.
    pub async fn status(
        &self,
        kind: &Kind,
        cluster: &Identity,
        version: u64,
        mut patch: Value,
    ) -> Result<Option<u64>, Failure> {
        patch["metadata"] = serde_json::json!({ "resourceVersion": version.to_string() });
        let requests = Requests::new(&self.manager.name, kind, &cluster.namespace, &cluster.name);
        match self.send(requests.status(&patch)?).await {
            Ok(answer) => {
                #[derive(serde::Deserialize)]
                struct Stored<'a> {
                    #[serde(borrow)]
                    metadata: Metadata<'a>,
                }
                let stored: Stored<'_> =
                    serde_json::from_slice(&answer).map_err(|error| Failure::unreadable(&error))?;
                Ok(stored.metadata.version())
            }
            Err(failure) if matches!(failure.code, Some(404 | 409)) => Ok(None),
            Err(failure) => Err(failure),
        }
    }

    /// Sets the finalizers of a custom resource that has this version. Of one that has another, or is gone, nothing is changed.
    ///
    /// # Errors
    /// Where the request doesn't go through.
    pub async fn hold(
        &self,
        kind: &Kind,
        cluster: &Identity,
        version: u64,
        finalizers: &[String],
    ) -> Result<(), Failure> {
        let requests = Requests::new(&self.manager.name, kind, &cluster.namespace, &cluster.name);
        match self.send(requests.hold(version, finalizers)?).await {
            Err(failure) if !matches!(failure.code, Some(404 | 409)) => Err(failure),
            _ => Ok(()),
        }
    }

    /// Writes an event in a namespace.
    ///
    /// # Errors
    /// Where the request doesn't go through.
    pub async fn event(&self, namespace: &str, event: &Value) -> Result<(), Failure> {
        self.send(request::event(namespace, event)?).await.map(drop)
    }

    /// The operator's name.
    pub fn manager(&self) -> &str {
        &self.manager.name
    }

    /// Which of several processes this is.
    pub fn instance(&self) -> &str {
        &self.instance
    }

    /// The one place that sends. Not `Client::request`, which logs what the API server refuses: it may quote a Secret.
    async fn send(&self, request: Request<Vec<u8>>) -> Result<Vec<u8>, Failure> {
        let answer = async {
            let answer = self.client.send(request.map(Body::from)).await?;
            let (status, again) = (answer.status(), failure::retry_after(answer.headers()));
            Ok::<_, kube::Error>((status, again, answer.into_body().collect_bytes().await?))
        };
        let left =
            self.until.as_ref().map_or(TIMEOUT, |until| until.borrow().saturating_duration_since(Instant::now()));
        if left.is_zero() {
            return Err(Failure::text("this process doesn't hold the operator's lease any more"));
        }
        match tokio::time::timeout(left, answer).await {
            Ok(Ok((status, _, body))) if status.is_success() => Ok(body.into()),
            Ok(Ok((status, again, body))) => Err(Failure::answered(status, &body, again)),
            Ok(Err(error)) => Err(Failure::text(error.to_string())),
            Err(_) => Err(Failure::text(format!("no answer within {} s", left.as_secs()))),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        model::{Object, kind},
        plan::Action,
    };
    use std::sync::Arc;

    fn after(row: &'static kind::ChildKind, failure: Failure) -> Outcome {
        let object = Arc::new(Object::new(row, "a".to_owned(), None, serde_json::json!({})));
        let mut outcome = Outcome::default();
        outcome.note(&Action::Create { object, replicas: None }, Err(failure), Timestamp::UNIX_EPOCH);
        outcome
    }

    #[test]
    fn only_what_pods_need_holds_up_what_comes_later() {
        for (row, stops) in [
            (&kind::CONFIG_MAP, true),
            (&kind::SERVICE, true),
            (&kind::NETWORK_POLICY, true),
            (&kind::POD_DISRUPTION_BUDGET, false),
            (&kind::INGRESS, false),
        ] {
            let outcome = after(row, Failure::text("no answer"));
            assert_eq!((outcome.failed.len(), outcome.stops()), (1, stops), "{}", row.kind);
        }
    }

    #[tokio::test(start_paused = true)]
    async fn nothing_is_sent_once_the_lease_is_over() {
        let sent = Arc::new(parking_lot::Mutex::new(0));
        let service = tower::service_fn({
            let sent = sent.clone();
            move |_: Request<Body>| {
                *sent.lock() += 1;
                async { Ok::<_, std::io::Error>(http::Response::new(Body::empty())) }
            }
        });
        let manager = Manager::of(&crate::definition::Definition::EMPTY);
        let (renewed, until) = watch::channel(Instant::now() + Duration::from_secs(10));
        let writer = Writer::new(Client::new(service, "n"), manager).as_instance("a_1", Some(until));
        assert!(writer.event("n", &Value::Null).await.is_ok());
        tokio::time::advance(Duration::from_secs(10)).await;
        let failure = writer.event("n", &Value::Null).await.err().map(|failure| failure.message);
        assert!(failure.is_some_and(|message| message.contains("doesn't hold the operator's lease")));
        renewed.send_replace(Instant::now() + Duration::from_secs(10));
        assert!(writer.event("n", &Value::Null).await.is_ok());
        assert_eq!(*sent.lock(), 2);
    }

    #[tokio::test]
    async fn only_an_object_that_is_gone_counts_as_deleted_where_its_deletion_fails() {
        let other = "the UID in the precondition (u) does not match the UID in record (v)";
        for (code, message, deleted) in [(404, "", 1), (409, "", 0), (409, other, 1), (503, "", 0)] {
            let service = tower::service_fn(move |_: Request<Body>| async move {
                let mut answer = http::Response::new(Body::from(message.as_bytes().to_vec()));
                *answer.status_mut() = http::StatusCode::from_u16(code).unwrap();
                Ok::<_, std::io::Error>(answer)
            });
            let writer = Writer::new(Client::new(service, "n"), Manager::of(&crate::definition::Definition::EMPTY));
            let (kind, name) = (Kind::Row(&kind::CONFIG_MAP), "a".to_owned());
            let delete = Action::Delete { kind, name, uid: "u".into(), version: None };
            let plan = Plan { actions: vec![delete], ..Plan::default() };
            let outcome = writer.execute(&plan, &cluster()).await;
            assert_eq!((outcome.deleted.len(), outcome.failed.len()), (deleted, 1 - deleted), "{code} {message}");
        }
    }

    fn cluster() -> Identity {
        Identity { namespace: "n".to_owned(), name: "a".to_owned(), uid: "c".to_owned() }
    }

    #[tokio::test]
    async fn a_deletion_names_the_uid_and_where_something_takes_its_place_the_version_too() {
        let sent = Arc::new(parking_lot::Mutex::new(Vec::new()));
        let service = tower::service_fn({
            let sent = sent.clone();
            move |request: Request<Body>| {
                let sent = sent.clone();
                async move {
                    let body = request.into_body().collect_bytes().await.unwrap_or_default();
                    let body: Value = serde_json::from_slice(&body)?;
                    sent.lock().push((body["preconditions"].clone(), body["propagationPolicy"].clone()));
                    Ok::<_, std::io::Error>(http::Response::new(Body::from(b"{}".to_vec())))
                }
            }
        });
        let writer = Writer::new(Client::new(service, "n"), Manager::of(&crate::definition::Definition::EMPTY));
        let set = || Kind::Row(&kind::STATEFUL_SET);
        let object = Arc::new(Object::new(&kind::STATEFUL_SET, "a".to_owned(), None, serde_json::json!({})));
        for action in [
            Action::Delete { kind: set(), name: "a".to_owned(), uid: "u".into(), version: None },
            Action::Delete { kind: set(), name: "a".to_owned(), uid: "u".into(), version: Some(7) },
            Action::Replace { object, uid: "u".into(), version: 8 },
        ] {
            writer.execute(&Plan { actions: vec![action], ..Plan::default() }, &cluster()).await;
        }
        let is = |preconditions: Value, propagation: &str| (preconditions, Value::from(propagation));
        let expected = [
            is(serde_json::json!({ "uid": "u" }), "Background"),
            is(serde_json::json!({ "uid": "u", "resourceVersion": "7" }), "Background"),
            is(serde_json::json!({ "uid": "u", "resourceVersion": "8" }), "Orphan"),
        ];
        assert_eq!(*sent.lock(), expected);
    }

    #[tokio::test]
    async fn who_is_asked_to_come_back_later_does() {
        let service = tower::service_fn(|_: Request<Body>| async {
            let mut answer = http::Response::new(Body::empty());
            *answer.status_mut() = http::StatusCode::TOO_MANY_REQUESTS;
            answer.headers_mut().insert("retry-after", http::HeaderValue::from_static("120"));
            Ok::<_, std::io::Error>(answer)
        });
        let writer = Writer::new(Client::new(service, "n"), Manager::of(&crate::definition::Definition::EMPTY));
        let object = Arc::new(Object::new(&kind::SERVICE, "a".to_owned(), None, serde_json::json!({})));
        let plan = Plan { actions: vec![Action::Create { object, replicas: None }], ..Plan::default() };
        let failed = writer.execute(&plan, &cluster()).await.failed;
        assert_eq!(failed.first().and_then(|failed| failed.again), Some(Duration::from_secs(120)));
    }

    #[test]
    fn a_quota_that_what_is_replaced_uses_up_makes_room() {
        let full =
            b"is forbidden: exceeded quota: q, requested: count/statefulsets.apps=1, used: count/statefulsets.apps=5, \
            limited: count/statefulsets.apps=5";
        let object = Arc::new(Object::new(&kind::STATEFUL_SET, "a".to_owned(), None, serde_json::json!({})));
        let found = ("u".into(), crate::model::Digest::of(&Value::Null));
        let mut outcome = Outcome::default();
        let failure = Failure::answered(http::StatusCode::FORBIDDEN, full, None);
        outcome.note(&Action::Try { object, found }, Err(failure), Timestamp::UNIX_EPOCH);
        assert!(matches!(outcome.facts[..], [Fact { answer: Answer::NoRoom, .. }]), "{outcome:?}");
    }

    #[test]
    fn a_deletion_that_a_policy_denies_is_tried_again_later_and_not_at_once() {
        let denied = b"admission webhook \"a.b\" denied the request: protected";
        let failure = || Failure::answered(http::StatusCode::FORBIDDEN, denied, None);
        let mut outcome = Outcome::default();
        let (kind, name) = (Kind::Row(&kind::STATEFUL_SET), "a".to_owned());
        let delete = Action::Delete { kind, name, uid: "u".into(), version: None };
        outcome.note(&delete, Err(failure()), Timestamp::UNIX_EPOCH);
        assert!(outcome.failed.len() == 1 && !outcome.is_news());
        assert!(after(&kind::SERVICE, failure()).is_news(), "what is to be there is decided on");
    }

    #[test]
    fn a_name_that_is_taken_is_a_fact() {
        let outcome = after(&kind::SERVICE, Failure::answered(http::StatusCode::CONFLICT, b"already exists", None));
        assert!(outcome.failed.is_empty() && outcome.stops() && outcome.is_news());
        assert!(matches!(outcome.facts[..], [Fact { answer: Answer::Exists, .. }]));
    }
}
