//! Carries out a plan: server-side apply, creates that refuse what is already there, deletes by UID.
//!
//! | module | holds |
//! | --- | --- |
//! | `generate` | the content of Secrets that are made |
//! | `failure` | why a write didn't go through |

mod failure;
mod generate;

use std::{sync::Arc, time::Duration};

use futures::{StreamExt, stream};
use http::Request;
use kube::{Client, client::Body};
use serde::de::{DeserializeOwned, IgnoredAny};
use serde_json::{Value, json};

use crate::{
    model::Digest,
    model::kind::{self, CLAIM, ChildKind, JOB, SECRET, Stage},
    plan::{self, Accepted, Action, Plan, Replicas, Verb},
    render::Object,
    settings::{Quantity, Scale},
    state::{Child, Raw, Store},
    status::{Problem, Reason},
};
use failure::Failure;
use generate::generated;

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
pub type Wrote = Arc<dyn Fn(&'static ChildKind, &Raw) + Send + Sync>;

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
    /// UIDs of what is there only since.
    made: Vec<(&'static ChildKind, String, String)>,
}

impl Outcome {
    fn note(&mut self, action: &Action<'_>, result: Result<Written, Failure>) {
        let (kind, name) = action.target();
        match result {
            Ok(Written::Stored(changed)) => {
                self.changed.extend(changed);
                self.done.push((action.verb(), kind, name.to_owned()));
            }
            Ok(Written::Made(uid, changed)) => {
                self.changed.extend(changed);
                self.done.push((action.verb(), kind, name.to_owned()));
                self.made.push((kind, name.to_owned(), uid));
            }
            Ok(Written::Removed) => self.done.push((Verb::Replace, kind, name.to_owned())),
            Ok(Written::Taken(message, passing)) => self.taken.push((message, passing)),
            Err(failure) => {
                let message = format!("{} {name}: {}", kind.kind, failure.message);
                // A class that doesn't let its volumes grow is said to forbid it.
                if failure.is_refusal() || (action.verb() == Verb::Grow && failure.code == Some(403)) {
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

/// The cluster that is written for, and where what comes back goes.
#[derive(Clone, Copy)]
struct Target<'a> {
    namespace: &'a str,
    owner: &'a str,
    store: &'a Store,
}

impl Writer {
    /// Carries out `plan` for the cluster with UID `owner`: configuration and Services, then workloads, then what is about workloads, then
    /// deletions; each step in parallel, and only where all went well before. What a first install made is taken back where something was
    /// refused, so that nothing is half-applied. A claim that can't grow is in nobody's way.
    pub async fn execute(&self, plan: &Plan<'_>, namespace: &str, owner: &str, store: &Store) -> Outcome {
        let target = Target { namespace, owner, store };
        let mut outcome = Outcome::default();
        let first = store.children(owner).is_empty();
        for step in [Some(Stage::Base), Some(Stage::Workload), Some(Stage::After), None] {
            let mut writes = Vec::new();
            for action in plan.actions.iter().filter(|action| stage(action) == step) {
                writes.push(async move { (action, self.act(action, target).await) });
            }
            let results: Vec<_> = stream::iter(writes).buffer_unordered(PARALLEL).collect().await;
            results.into_iter().for_each(|(action, result)| outcome.note(action, result));
            if outcome.refused.iter().any(|(kind, _, _)| *kind != &CLAIM) {
                if first {
                    self.take_back(&mut outcome, target).await;
                }
                break;
            }
            // What comes later counts on it.
            if !outcome.failed.is_empty() || !outcome.taken.is_empty() {
                break;
            }
        }
        outcome.done.sort_by(|a, b| (a.0, a.1.kind, &a.2).cmp(&(b.0, b.1.kind, &b.2)));
        outcome
    }

    async fn take_back(&self, outcome: &mut Outcome, target: Target<'_>) {
        for (kind, name, uid) in std::mem::take(&mut outcome.made) {
            outcome.done.retain(|(_, of, done)| (*of, done) != (kind, &name));
            if let Err(error) = self.delete(kind, target.namespace, &name, &uid, "Background").await {
                outcome.failed.push(format!("{} {name}: {}", kind.kind, error.message));
            }
        }
    }

    async fn act(&self, action: &Action<'_>, target: Target<'_>) -> Result<Written, Failure> {
        match action {
            Action::Create { object, replicas } => self.create(object, *replicas, target).await,
            Action::Apply { object, uid, replicas } => self.reapply(object, uid, *replicas, target).await,
            Action::Replace { object, uid } => {
                // What the API server wouldn't take isn't worth what is there.
                self.validate(object, target.namespace).await?;
                self.remove(object, uid, target).await
            }
            Action::Grow { claim, size } => self.grow(claim, size, target).await,
            Action::Delete(child) => {
                // A Job is there until its pods are gone: only then a newer one may run.
                let propagation = if child.kind == &JOB { "Foreground" } else { "Background" };
                self.delete(child.kind, target.namespace, &child.name, &child.uid, propagation).await?;
                target.store.deleting(&child.uid);
                Ok(Written::Stored(None))
            }
        }
    }

    async fn create(&self, object: &Object, replicas: Option<i32>, target: Target<'_>) -> Result<Written, Failure> {
        let mut json = generated(object, &Value::Null)?;
        // An apply that names a version is refused where the object exists at any other, and no object has this one: it creates or fails.
        json["metadata"]["resourceVersion"] = "1".into();
        if let Some(replicas) = replicas {
            json["spec"]["replicas"] = replicas.into();
        }
        let stored = match self.patch(object, target.namespace, &json, "force=false").await {
            Ok(stored) => stored,
            Err(failure) if failure.code == Some(409) => return self.whose(object, target).await,
            Err(failure) => return Err(failure),
        };
        let uid = stored.uid().to_owned();
        let Some(replicas) = replicas else {
            return Ok(Written::Made(uid, self.stored(object, object.digest, &stored, target.store)));
        };
        // That it is more than is sent is not to be remembered: it is handed over.
        self.take_in(object.kind, &stored, target.store);
        // Only here it is known that nobody else asked for that number.
        if object.scale == Scale::Initial {
            self.reapply(object, &uid, Replicas::HandedOver(replicas), target).await?;
        }
        Ok(Written::Made(uid, None))
    }

    /// An object of a child's name is there already. It is the cluster's where the answer to a create got lost, or where someone took the label
    /// by which it is watched; else it is someone else's.
    async fn whose(&self, object: &Object, target: Target<'_>) -> Result<Written, Failure> {
        let there = self.get(object, target.namespace).await?;
        let references = there.pointer("/metadata/ownerReferences").and_then(Value::as_array);
        let controller = references
            .into_iter()
            .flatten()
            .find(|owner| owner.get("controller").and_then(Value::as_bool) == Some(true));
        let text =
            |reference: &Value, key: &str| reference.get(key).and_then(Value::as_str).unwrap_or_default().to_owned();
        let (kind, name) = (object.kind.kind, &object.name);
        Ok(match controller {
            Some(controller) if text(controller, "uid") == target.owner => {
                let child = Child::reduce(object.kind, &self.manager, &self.node_label, &there)
                    .ok_or_else(|| Failure::text("the API server's answer has no name or version".to_owned()))?;
                if object.once {
                    return self.relabel(object, &child.uid, target).await;
                }
                self.reapply(object, &child.uid, plan::replicas(object, &child), target).await?
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

    async fn reapply(
        &self,
        object: &Object,
        uid: &str,
        replicas: Replicas,
        target: Target<'_>,
    ) -> Result<Written, Failure> {
        let mut json = object.json.clone();
        if !object.generate.is_empty() {
            let there = self.get(object, target.namespace).await?;
            json = generated(object, &there)?;
            // What was read is sent back: nobody may have changed it meanwhile.
            json["metadata"]["resourceVersion"] =
                there.pointer("/metadata/resourceVersion").cloned().unwrap_or_default();
        }
        json["metadata"]["uid"] = uid.into();
        if let Replicas::HandedOver(number) = replicas {
            self.hand_over(object, uid, number, target).await?;
        }
        if replicas != Replicas::AsWritten
            && let Some(spec) = json.get_mut("spec").and_then(Value::as_object_mut)
        {
            spec.remove("replicas");
        }
        match self.patch(object, target.namespace, &json, "force=true").await {
            Ok(stored) => Ok(Written::Stored(self.stored(object, plan::sent(object, replicas), &stored, target.store))),
            // It went away meanwhile; the watch says so, too.
            Err(failure) if failure.code == Some(409) => Err(Failure::meanwhile()),
            // What was generated would be lost with it.
            Err(failure) if !object.generate.is_empty() => Err(failure),
            // Only what is known to hold nothing is worth making anew; an admission that is denied is to be heeded.
            Err(failure)
                if failure.is_refusal()
                    && !failure.is_denial()
                    && kind::ALL.contains(&object.kind)
                    && self.validate(object, target.namespace).await.is_ok() =>
            {
                self.remove(object, uid, target).await
            }
            Err(failure) => Err(failure),
        }
    }

    /// Gives back to an object that is never changed the labels by which it is watched.
    async fn relabel(&self, object: &Object, uid: &str, target: Target<'_>) -> Result<Written, Failure> {
        let labels = object.json.pointer("/metadata/labels");
        let json = json!({ "metadata": { "uid": uid, "labels": labels } });
        let url = format!("{}?fieldManager={}", object.kind.url(target.namespace, &object.name), self.manager);
        let request = Request::patch(url).header("content-type", "application/merge-patch+json");
        let stored: Raw = self.send(request.body(json.to_string().into_bytes())).await?;
        self.take_in(object.kind, &stored, target.store);
        Ok(Written::Stored(None))
    }

    /// Gives the number of pods, as it is, to a field manager of its own: it stays when the operator gives it up. Without force: where an
    /// autoscaler has set another number meanwhile, that is the one to hand over.
    async fn hand_over(&self, object: &Object, uid: &str, replicas: i32, target: Target<'_>) -> Result<(), Failure> {
        let json = json!({
            "apiVersion": object.kind.api_version(),
            "kind": object.kind.kind,
            "metadata": { "name": object.name, "namespace": target.namespace, "uid": uid },
            "spec": { "replicas": replicas },
        });
        let manager = format!("{}-scale", self.manager);
        match self.patch_as(&manager, object.kind, target.namespace, &object.name, &json, "force=false").await {
            Ok(_) => Ok(()),
            Err(failure) if failure.code == Some(409) => Err(Failure::meanwhile()),
            Err(failure) => Err(failure),
        }
    }

    /// Asks for more storage, and for nothing else.
    async fn grow(&self, claim: &Child, size: &Quantity, target: Target<'_>) -> Result<Written, Failure> {
        let json = json!({
            "apiVersion": CLAIM.api_version(),
            "kind": CLAIM.kind,
            "metadata": { "name": claim.name, "namespace": target.namespace, "uid": claim.uid },
            "spec": { "resources": { "requests": { "storage": size } } },
        });
        match self.patch_as(&self.manager, &CLAIM, target.namespace, &claim.name, &json, "force=true").await {
            Ok(stored) => {
                self.take_in(&CLAIM, &stored, target.store);
                Ok(Written::Stored(None))
            }
            Err(failure) if failure.code == Some(409) => Err(Failure::meanwhile()),
            Err(failure) => Err(failure),
        }
    }

    /// Whether the API server would take the object were there none of its name. An object that it refuses all the same is in the way
    /// itself: someone changed the key of a list item, say, and apply would put the right one beside it.
    async fn validate(&self, object: &Object, namespace: &str) -> Result<(), Failure> {
        let mut probe = object.clone();
        probe.name.push_str("-probe");
        probe.json["metadata"]["name"] = probe.name.as_str().into();
        self.patch(&probe, namespace, &probe.json, "dryRun=All").await.map(drop)
    }

    /// Takes in an answer to an apply that sent what has the digest `sent`.
    fn stored(&self, object: &Object, sent: Digest, stored: &Raw, store: &Store) -> Changed {
        let back = self.take_in(object.kind, stored, store);
        back.filter(|back| *back != sent).map(|back| (stored.uid().into(), (sent, back)))
    }

    /// Takes an object into the store, and returns its digest. Where the watch was faster, it isn't read again.
    fn take_in(&self, kind: &'static ChildKind, stored: &Raw, store: &Store) -> Option<Digest> {
        (self.wrote)(kind, stored);
        if store.has(kind, stored.uid(), stored.version()) {
            return store.child(stored.uid()).filter(|child| child.version == stored.version())?.digest;
        }
        let child = Child::reduce(kind, &self.manager, &self.node_label, &stored.object())?;
        let digest = child.digest;
        store.apply(child);
        digest
    }

    /// Deletes an object that shall be made anew; pods of a workload go on running.
    async fn remove(&self, object: &Object, uid: &str, target: Target<'_>) -> Result<Written, Failure> {
        let propagation = if object.kind.is_workload() { "Orphan" } else { "Background" };
        self.delete(object.kind, target.namespace, &object.name, uid, propagation).await?;
        target.store.deleting(uid);
        Ok(Written::Removed)
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
        match self.send::<IgnoredAny>(request.body(options.to_string().into_bytes())).await {
            Ok(_) => Ok(()),
            // Gone already, or replaced by someone else's: either way ours is gone.
            Err(failure) if matches!(failure.code, Some(404 | 409)) => Ok(()),
            Err(failure) => Err(failure),
        }
    }

    async fn get(&self, object: &Object, namespace: &str) -> Result<Value, Failure> {
        self.send(Request::get(object.kind.url(namespace, &object.name)).body(Vec::new())).await
    }

    async fn patch(&self, object: &Object, namespace: &str, json: &Value, how: &str) -> Result<Raw, Failure> {
        self.patch_as(&self.manager, object.kind, namespace, &object.name, json, how).await
    }

    async fn patch_as(
        &self,
        manager: &str,
        kind: &ChildKind,
        namespace: &str,
        name: &str,
        json: &Value,
        how: &str,
    ) -> Result<Raw, Failure> {
        let url = format!("{}?fieldManager={manager}&{how}", kind.url(namespace, name));
        let request = Request::patch(url).header("content-type", "application/apply-patch+yaml");
        let answer = self.send(request.body(json.to_string().into_bytes())).await;
        if kind == &SECRET { answer.map_err(|failure| failure.without_values(json)) } else { answer }
    }

    async fn send<T: DeserializeOwned>(&self, request: Result<Request<Vec<u8>>, http::Error>) -> Result<T, Failure> {
        let request = request.map_err(|error| Failure::text(error.to_string()))?.map(Body::from);
        // Not `Client::request`, which logs what the API server refuses: it may quote a Secret.
        let answer = async {
            let answer = self.client.send(request).await?;
            Ok::<_, kube::Error>((answer.status(), answer.into_body().collect_bytes().await?))
        };
        match tokio::time::timeout(TIMEOUT, answer).await {
            Ok(Ok((status, body))) if status.is_success() => {
                serde_json::from_slice(&body).map_err(|error| Failure::text(format!("unreadable answer: {error}")))
            }
            Ok(Ok((status, body))) => Err(Failure::answered(status, &body)),
            Ok(Err(error)) => Err(Failure::text(error.to_string())),
            Err(_) => Err(Failure::text(format!("no answer within {} s", TIMEOUT.as_secs()))),
        }
    }
}

/// When an action's turn is; deletions come last.
fn stage(action: &Action<'_>) -> Option<Stage> {
    (action.verb() != Verb::Delete).then(|| action.target().0.stage)
}

/// UID and digests, sent and back.
type Changed = Option<(Box<str>, (Digest, Digest))>;

/// What a write that was answered came to.
enum Written {
    /// Done; with an entry where the API server stored something else than was sent.
    Stored(Changed),
    /// Done: the object with this UID is there only since.
    Made(String, Changed),
    /// Deleted, to be made anew.
    Removed,
    /// Not done: the name is someone else's. With `true` where it will be free soon.
    Taken(String, bool),
}
