//! Carries out a plan: server-side apply, creates that refuse what is already there, deletes by UID.

use std::{sync::Arc, time::Duration};

use futures::{StreamExt, stream};
use http::Request;
use kube::{Client, core::Status};
use serde_json::{Value, json};

use crate::{
    desired::Object,
    hash::Digest,
    kinds::ChildKind,
    observe::{Child, Store},
    plan::{Accepted, Action, Plan, Verb},
    status::{Problem, Reason},
};

/// Writes of one cluster that are under way at once.
const PARALLEL: usize = 16;
/// How long one write may take before it counts as failed.
const TIMEOUT: Duration = Duration::from_secs(30);

/// Writes to the API server in the operator's name.
#[derive(Clone)]
pub struct Writer {
    /// Connection.
    pub client: Client,
    /// Field manager.
    pub manager: String,
    /// The label that names a child's node.
    pub node_label: String,
    /// Is told every object as the API server stored it.
    pub wrote: Wrote,
}

/// Takes an object of a kind.
pub type Wrote = Arc<dyn Fn(&'static ChildKind, &Value) + Send + Sync>;

/// What came of a plan.
#[derive(Debug, Default)]
pub struct Outcome {
    /// What was done.
    pub done: Vec<(Verb, &'static ChildKind, String)>,
    /// Objects of which the API server stored something else than was sent.
    pub changed: Accepted,
    /// What the API server refused: kind, name, and why.
    pub refused: Vec<(&'static ChildKind, String, String)>,
    /// Names that belong to someone else. With `true` where that is an earlier cluster of the same name, whose children are being deleted.
    pub taken: Vec<(String, bool)>,
    /// What failed and may work later.
    pub failed: Vec<String>,
}

impl Outcome {
    fn note(&mut self, action: &Action<'_>, result: Result<Written, Failure>) {
        let (kind, name) = action.target();
        match result {
            Ok(Written::Stored(changed)) => {
                self.changed.extend(changed);
                self.done.push((action.verb(), kind, name.to_owned()));
            }
            Ok(Written::Taken(message, passing)) => self.taken.push((message, passing)),
            Err(failure) => {
                let message = format!("{} {name}: {}", kind.kind, failure.message());
                if failure.is_refusal() {
                    self.refused.push((kind, name.to_owned(), message));
                } else {
                    self.failed.push(message);
                }
            }
        }
    }

    /// What the status shall say about it.
    pub fn problem(&self) -> Option<Problem> {
        let refused = self.refused.iter().map(|(_, _, message)| message.as_str()).collect::<Vec<_>>();
        let taken = self.taken.iter().map(|(message, _)| message.as_str()).collect::<Vec<_>>();
        let failed = self.failed.iter().map(String::as_str).collect::<Vec<_>>();
        [(Reason::Refused, refused), (Reason::NameTaken, taken), (Reason::Retrying, failed)]
            .into_iter()
            .find(|(_, messages)| !messages.is_empty())
            .map(|(reason, messages)| Problem { reason, message: messages.join("; ") })
    }
}

impl Writer {
    /// Carries out `plan` for the cluster with UID `owner`: configuration and Services, then workloads, then deletions; each step in
    /// parallel, and only where the API server refused nothing before. What a first install made is taken back where something was
    /// refused, so that nothing is half-applied.
    pub async fn execute(&self, plan: &Plan<'_>, namespace: &str, owner: &str, store: &Store) -> Outcome {
        let mut outcome = Outcome::default();
        let first = plan.actions.iter().all(|action| action.verb() == Verb::Create);
        let step = |action: &Action<'_>| match action.verb() {
            Verb::Delete => 2,
            _ if action.target().0.is_workload() => 1,
            _ => 0,
        };
        for number in 0..3 {
            let mut writes = Vec::new();
            for action in plan.actions.iter().filter(|action| step(action) == number) {
                writes.push(async move { (action, self.act(action, namespace, owner, store).await) });
            }
            let results: Vec<_> = stream::iter(writes).buffer_unordered(PARALLEL).collect().await;
            results.into_iter().for_each(|(action, result)| outcome.note(action, result));
            if !outcome.refused.is_empty() {
                if first {
                    self.take_back(&mut outcome, namespace, owner, store).await;
                }
                break;
            }
        }
        outcome.done.sort_by(|a, b| (a.0, a.1.kind, &a.2).cmp(&(b.0, b.1.kind, &b.2)));
        outcome
    }

    async fn take_back(&self, outcome: &mut Outcome, namespace: &str, owner: &str, store: &Store) {
        let made = store.children(owner);
        for (_, kind, name) in std::mem::take(&mut outcome.done) {
            let Some(child) = made.iter().find(|child| child.kind == kind && *child.name == *name) else {
                continue;
            };
            if let Err(error) = self.delete(kind, namespace, &name, &child.uid, "Background").await {
                outcome.failed.push(format!("{} {name}: {}", kind.kind, error.message()));
            }
        }
    }

    async fn act(&self, action: &Action<'_>, namespace: &str, owner: &str, store: &Store) -> Result<Written, Failure> {
        let (kind, name) = action.target();
        match action {
            Action::Create(object) => self.create(object, namespace, owner, store).await,
            Action::Apply { object, uid } => self.reapply(object, namespace, uid, store).await,
            Action::Replace { uid, .. } => self.remove(kind, namespace, name, uid, store).await,
            Action::Delete(child) => {
                self.delete(kind, namespace, name, &child.uid, "Background").await?;
                store.deleting(&child.uid);
                Ok(Written::Stored(None))
            }
        }
    }

    async fn create(&self, object: &Object, namespace: &str, owner: &str, store: &Store) -> Result<Written, Failure> {
        let mut json = object.json.clone();
        // An apply that names a version is refused where the object exists at any other, and no object has this one: it creates or fails.
        json["metadata"]["resourceVersion"] = "1".into();
        match self.patch(object, namespace, &json, "force=false").await {
            Ok(stored) => Ok(self.stored(object, &stored, store)),
            Err(failure) if failure.code() == Some(409) => self.whose(object, namespace, owner, store).await,
            Err(failure) => Err(failure),
        }
    }

    /// An object of a child's name is there already. It is the cluster's where the answer to a create got lost, or where someone took the label
    /// by which it is watched; else it is someone else's.
    async fn whose(&self, object: &Object, namespace: &str, owner: &str, store: &Store) -> Result<Written, Failure> {
        let request = Request::get(object.kind.url(namespace, &object.name)).body(Vec::new());
        let there = self.send(request).await?;
        let references = there.pointer("/metadata/ownerReferences").and_then(Value::as_array);
        let controller = references
            .into_iter()
            .flatten()
            .find(|owner| owner.get("controller").and_then(Value::as_bool) == Some(true));
        let text =
            |reference: &Value, key: &str| reference.get(key).and_then(Value::as_str).unwrap_or_default().to_owned();
        let (kind, name) = (object.kind.kind, &object.name);
        Ok(match controller {
            Some(controller) if text(controller, "uid") == owner => {
                let uid = there.pointer("/metadata/uid").and_then(Value::as_str).unwrap_or_default();
                self.reapply(object, namespace, uid, store).await?
            }
            Some(controller) => {
                let mine = object.json.pointer("/metadata/ownerReferences/0").unwrap_or(&Value::Null);
                let passing = ["kind", "name"].iter().all(|key| controller.get(key) == mine.get(key));
                let whose = format!("{} {}", text(controller, "kind"), text(controller, "name"));
                let advice = if passing {
                    "of an earlier cluster of this name; waiting until it is gone"
                } else {
                    "is its controller: give one of the two another name"
                };
                Written::Taken(
                    format!("{kind} {name} is there already and not this cluster's: {whose} {advice}"),
                    passing,
                )
            }
            None => Written::Taken(
                format!("{kind} {name} is there already and nobody's: delete it, or give this cluster another name"),
                false,
            ),
        })
    }

    async fn reapply(&self, object: &Object, namespace: &str, uid: &str, store: &Store) -> Result<Written, Failure> {
        let mut json = object.json.clone();
        json["metadata"]["uid"] = uid.into();
        match self.patch(object, namespace, &json, "force=true").await {
            Ok(stored) => Ok(self.stored(object, &stored, store)),
            // It went away meanwhile; the watch says so, too.
            Err(failure) if failure.code() == Some(409) => {
                Err(Failure::Text("it was deleted or replaced meanwhile".to_owned()))
            }
            Err(failure) if failure.is_refusal() && self.is_valid(object, namespace).await => {
                self.remove(object.kind, namespace, &object.name, uid, store).await
            }
            Err(failure) => Err(failure),
        }
    }

    /// Whether the API server would take the object were there none of its name. An object that it refuses all the same is in the way
    /// itself: someone changed the key of a list item, say, and apply would put the right one beside it.
    async fn is_valid(&self, object: &Object, namespace: &str) -> bool {
        let mut probe = object.clone();
        probe.name.push_str("-probe");
        probe.json["metadata"]["name"] = probe.name.as_str().into();
        self.patch(&probe, namespace, &probe.json, "dryRun=All").await.is_ok()
    }

    fn stored(&self, object: &Object, stored: &Value, store: &Store) -> Written {
        (self.wrote)(object.kind, stored);
        let Some(child) = Child::reduce(object.kind, &self.manager, &self.node_label, stored) else {
            return Written::Stored(None);
        };
        let changed = child.digest.filter(|digest| *digest != object.digest);
        let changed = changed.map(|digest| (child.uid.clone(), (object.digest, digest)));
        store.apply(child);
        Written::Stored(changed)
    }

    /// Deletes an object that shall be made anew; pods of a workload go on running.
    async fn remove(
        &self,
        kind: &'static ChildKind,
        namespace: &str,
        name: &str,
        uid: &str,
        store: &Store,
    ) -> Result<Written, Failure> {
        self.delete(kind, namespace, name, uid, if kind.is_workload() { "Orphan" } else { "Background" }).await?;
        store.deleting(uid);
        Ok(Written::Stored(None))
    }

    async fn delete(
        &self,
        kind: &'static ChildKind,
        namespace: &str,
        name: &str,
        uid: &str,
        propagation: &str,
    ) -> Result<(), Failure> {
        let options = json!({
            "apiVersion": "v1",
            "kind": "DeleteOptions",
            "propagationPolicy": propagation,
            "preconditions": { "uid": uid },
        });
        let request = Request::delete(kind.url(namespace, name)).header("content-type", "application/json");
        match self.send(request.body(options.to_string().into_bytes())).await {
            Ok(_) => Ok(()),
            // Gone already, or replaced by someone else's: either way ours is gone.
            Err(failure) if matches!(failure.code(), Some(404 | 409)) => Ok(()),
            Err(failure) => Err(failure),
        }
    }

    async fn patch(&self, object: &Object, namespace: &str, json: &Value, how: &str) -> Result<Value, Failure> {
        let url = format!("{}?fieldManager={}&{how}", object.kind.url(namespace, &object.name), self.manager);
        let request = Request::patch(url).header("content-type", "application/apply-patch+yaml");
        self.send(request.body(json.to_string().into_bytes())).await
    }

    async fn send(&self, request: Result<Request<Vec<u8>>, http::Error>) -> Result<Value, Failure> {
        let request = request.map_err(|error| Failure::Text(error.to_string()))?;
        match tokio::time::timeout(TIMEOUT, self.client.request::<Value>(request)).await {
            Ok(Ok(value)) => Ok(value),
            Ok(Err(kube::Error::Api(status))) => Err(Failure::Api(status)),
            Ok(Err(error)) => Err(Failure::Text(error.to_string())),
            Err(_) => Err(Failure::Text(format!("no answer within {} s", TIMEOUT.as_secs()))),
        }
    }
}

/// What a write that was answered came to.
enum Written {
    /// Done; with an entry where the API server stored something else than was sent.
    Stored(Option<(Box<str>, (Digest, Digest))>),
    /// Not done: the name is someone else's. With `true` where it will be free soon.
    Taken(String, bool),
}

/// A write that didn't go through.
enum Failure {
    Api(Box<Status>),
    Text(String),
}

impl Failure {
    fn code(&self) -> Option<u16> {
        match self {
            Self::Api(status) => Some(status.code),
            Self::Text(_) => None,
        }
    }

    /// Whether the same request would be refused again: it can't be read (400), fails validation (422), or doesn't have its type's shape,
    /// which server-side apply reports as an internal error.
    fn is_refusal(&self) -> bool {
        matches!(self.code(), Some(400 | 422))
            || (self.code() == Some(500) && self.message().starts_with("failed to create typed patch object"))
    }

    fn message(&self) -> &str {
        match self {
            Self::Api(status) => &status.message,
            Self::Text(text) => text,
        }
    }
}
