//! Deletion: preconditions, finalizers, grace.

use serde_json::{Value, json};

use super::ApiServer;
use crate::{
    call::{Call, Target},
    json::{default, items, number, put, text},
    log::Change,
    status::{Status, about},
};

/// The finalizer of an object whose dependents lose it as their owner first.
pub(crate) const ORPHAN: &str = "orphan";
/// The finalizer of an object whose dependents are deleted first.
pub(crate) const FOREGROUND: &str = "foregroundDeletion";

/// Kinds whose deletion is answered by the object.
const ANSWERED_BY_OBJECT: [&str; 4] = ["pods", "services", "serviceaccounts", "persistentvolumeclaims"];

/// What happens to the dependents of a deleted object.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Propagation {
    /// They are deleted after it.
    Background,
    /// They are deleted before it.
    Foreground,
    /// They stay.
    Orphan,
}

/// Options of a deletion.
#[derive(Clone, Debug, Default)]
pub struct Deletion {
    /// `None`: as the object's finalizers say, or in the background.
    pub propagation: Option<Propagation>,
    /// UID that the object must have.
    pub uid: Option<String>,
    /// Version that the object must have.
    pub version: Option<String>,
    /// Time that a pod has to end; `None`: as its spec says.
    pub grace_seconds: Option<i64>,
    /// Nothing is stored.
    pub dry_run: bool,
}

impl Deletion {
    pub(super) fn read(options: &Value, call: &Call) -> Result<Self, Status> {
        let named = match text(options, "/propagationPolicy") {
            "" => call.parameter("propagationPolicy"),
            named => named,
        };
        let propagation = match named {
            "" => None,
            "Background" => Some(Propagation::Background),
            "Foreground" => Some(Propagation::Foreground),
            "Orphan" => Some(Propagation::Orphan),
            other => return Err(Status::bad_request(format!("invalid propagation policy {other:?}"))),
        };
        let precondition =
            |field: &str| options.pointer(&format!("/preconditions/{field}"))?.as_str().map(str::to_owned);
        Ok(Self {
            propagation,
            uid: precondition("uid"),
            version: precondition("resourceVersion"),
            grace_seconds: options.get("gracePeriodSeconds").and_then(Value::as_i64),
            dry_run: call.is_dry_run() || items(options, "/dryRun").iter().any(|run| run == "All"),
        })
    }
}

impl ApiServer {
    /// Deletes an object by kind ([`crate::Kind::id`]), namespace and name.
    ///
    /// # Errors
    /// As the API server has them.
    pub fn delete(&mut self, kind: &str, at: (&str, &str), deletion: &Deletion) -> Result<Value, Status> {
        self.delete_at(&self.target(kind, at.0, at.1)?, deletion)
    }

    pub(super) fn delete_at(&mut self, target: &Target, deletion: &Deletion) -> Result<Value, Status> {
        let live = self.stored(target)?;
        let Target { kind, name, .. } = target;
        let (uid, version) = (text(&live, "/metadata/uid"), text(&live, "/metadata/resourceVersion"));
        if let Some(wanted) = deletion.uid.as_ref().filter(|wanted| *wanted != uid) {
            let message = format!(
                "the UID in the precondition ({wanted}) does not match the UID in record ({uid}). The object might have been \
                 deleted and then recreated"
            );
            return Err(Status::conflict(kind, name, &message));
        }
        if let Some(wanted) = deletion.version.as_ref().filter(|wanted| *wanted != version) {
            let message = format!(
                "the ResourceVersion in the precondition ({wanted}) does not match the ResourceVersion in record ({version}). \
                 The object might have been modified"
            );
            return Err(Status::conflict(kind, name, &message));
        }
        let mut new = (*live).clone();
        let deleting = live.pointer("/metadata/deletionTimestamp").is_some();
        let grace = if kind.id() == "pods" { grace(&live, deletion) } else { 0 };
        if deleting && grace > 0 && number(&live, "/metadata/deletionGracePeriodSeconds") > 0 {
            return Ok(new);
        }
        put(&mut new, "/metadata/finalizers", finalizers(&live, deletion.propagation));
        if !deleting {
            let generation = number(&live, "/metadata/generation");
            if generation > 0 {
                put(&mut new, "/metadata/generation", generation + 1);
            }
            default(&mut new, "/metadata/deletionTimestamp", self.timestamp(u64::try_from(grace).unwrap_or(0)));
        }
        put(&mut new, "/metadata/deletionGracePeriodSeconds", grace);
        let stays = grace > 0 || !items(&new, "/metadata/finalizers").is_empty();
        if stays && new == *live {
            return Ok(new);
        }
        // What goes at once was never marked.
        let object = if stays { new } else { (*live).clone() };
        let change = if stays { Change::Modified } else { Change::Deleted };
        let details = {
            let mut details = about(kind, name);
            put(&mut details, "/uid", uid);
            details
        };
        let object = if deletion.dry_run { object } else { self.commit(target, change, object) };
        if stays || ANSWERED_BY_OBJECT.contains(&kind.id().as_str()) {
            return Ok(object);
        }
        Ok(json!({ "kind": "Status", "apiVersion": "v1", "metadata": {}, "status": "Success", "details": details }))
    }
}

/// A pod that isn't on a node, or has ended, goes at once.
fn grace(pod: &Value, deletion: &Deletion) -> i64 {
    if text(pod, "/spec/nodeName").is_empty() || ["Succeeded", "Failed"].contains(&text(pod, "/status/phase")) {
        return 0;
    }
    deletion.grace_seconds.unwrap_or_else(|| number(pod, "/spec/terminationGracePeriodSeconds"))
}

/// The finalizers with those of the garbage collector as wanted; `Null` for none.
fn finalizers(live: &Value, propagation: Option<Propagation>) -> Value {
    let ours = |finalizer: &Value| finalizer == ORPHAN || finalizer == FOREGROUND;
    let (ours, mut others): (Vec<Value>, Vec<Value>) =
        items(live, "/metadata/finalizers").iter().cloned().partition(|finalizer| ours(finalizer));
    match propagation {
        Some(Propagation::Background) => {}
        Some(Propagation::Foreground) => others.push(FOREGROUND.into()),
        Some(Propagation::Orphan) => others.push(ORPHAN.into()),
        None => others.extend(ours),
    }
    if others.is_empty() { Value::Null } else { Value::Array(others) }
}
