//! Kubernetes events on clusters: what was done to their children, and what is wrong.

use k8s_openapi::jiff::Timestamp;
use serde_json::{Value, json};
use tokio::sync::mpsc;
use tokio_util::task::AbortOnDropHandle;

use crate::{
    apply::Writer,
    definition::Definition,
    model::{
        Identity, Kind,
        kind::{CONFIG_MAP, POD, REVISION},
    },
    plan::{STUCK, Verb},
    status::cut,
};

/// Events that wait to be written; beyond that they are dropped.
const WAITING: usize = 1024;
/// Longest note, in bytes; source: the validation of `events.k8s.io/v1`.
const LONGEST: usize = 1000;

/// Writes events, one after the other, beside the loop.
pub struct Recorder {
    manager: String,
    instance: String,
    definition: &'static Definition,
    queue: mpsc::Sender<(String, Value)>,
    _task: AbortOnDropHandle<()>,
}

impl Recorder {
    /// Starts writing.
    pub fn start(writer: Writer, definition: &'static Definition) -> Self {
        let (queue, mut waiting) = mpsc::channel::<(String, Value)>(WAITING);
        let (manager, instance) = (writer.manager().to_owned(), writer.instance().to_owned());
        let task = tokio::spawn(async move {
            while let Some((namespace, event)) = waiting.recv().await {
                if let Err(failure) = writer.event(&namespace, &event).await {
                    tracing::debug!(error = failure.message, "event");
                }
            }
        });
        Self { manager, instance, definition, queue, _task: AbortOnDropHandle::new(task) }
    }

    /// Says what was done, in one event.
    pub fn done(&self, cluster: &Identity, done: &[(Verb, Kind, String)]) {
        if let Some((reason, note)) = news(done) {
            self.record(cluster, "Normal", reason, "Reconcile", &note);
        }
    }

    /// Says what is wrong.
    pub fn problem(&self, cluster: &Identity, reason: &str, message: &str) {
        self.record(cluster, "Warning", reason, "Reconcile", message);
    }

    fn record(&self, cluster: &Identity, type_: &str, reason: &str, action: &str, note: &str) {
        let note = cut(note.to_owned(), LONGEST);
        let event = json!({
            "apiVersion": "events.k8s.io/v1",
            "kind": "Event",
            "metadata": { "generateName": format!("{}-", cluster.name), "namespace": cluster.namespace },
            "eventTime": Timestamp::now().strftime("%Y-%m-%dT%H:%M:%S%.6fZ").to_string(),
            "reportingController": self.manager,
            "reportingInstance": self.instance,
            "type": type_,
            "reason": reason,
            "action": action,
            "note": note,
            "regarding": {
                "apiVersion": self.definition.api_version(),
                "kind": self.definition.kind,
                "namespace": cluster.namespace,
                "name": cluster.name,
                "uid": cluster.uid,
            },
        });
        if self.queue.try_send((cluster.namespace.clone(), event)).is_err() {
            tracing::debug!(reason, "too many events; one is dropped");
        }
    }
}

/// The reason and the note of an event about what was done: the first of it, and all of it. None where it is nobody's news.
fn news(done: &[(Verb, Kind, String)]) -> Option<(&'static str, String)> {
    // The spec that is kept is the operator's memory, and files that no pod reads any more go after every change.
    let is_news = |verb: Verb, kind: &Kind| *kind != &REVISION && (*kind != &CONFIG_MAP || verb != Verb::Delete);
    let said = |wanted: Verb| {
        let objects = done.iter().filter(move |(verb, kind, _)| *verb == wanted && is_news(*verb, kind));
        let why = |kind: &Kind| if *kind == &POD { format!(" ({STUCK})") } else { String::new() };
        objects.map(|(_, kind, name)| format!("{} {name}{}", kind.kind, why(kind))).collect::<Vec<_>>().join(", ")
    };
    let parts: Vec<(&str, String)> = [
        (Verb::Replace, "Replaced"),
        (Verb::Apply, "Updated"),
        (Verb::Create, "Created"),
        (Verb::Grow, "Grown"),
        (Verb::Delete, "Deleted"),
    ]
    .into_iter()
    .map(|(verb, reason)| (reason, said(verb)))
    .filter(|(_, objects)| !objects.is_empty())
    .collect();
    let (reason, _) = parts.first()?;
    let note: Vec<String> = parts.iter().map(|(reason, objects)| format!("{reason} {objects}")).collect();
    Some((reason, note.join("; ")))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::kind::{DEPLOYMENT, SERVICE};

    #[test]
    fn what_is_written_is_news_but_not_that_old_files_and_specs_go() {
        let of = |done: &[(Verb, &'static crate::model::ChildKind)]| {
            news(&done.iter().map(|(verb, kind)| (*verb, Kind::Row(kind), "a".to_owned())).collect::<Vec<_>>())
        };
        let said = of(&[(Verb::Create, &CONFIG_MAP), (Verb::Apply, &DEPLOYMENT), (Verb::Create, &REVISION)]);
        assert_eq!(said, Some(("Updated", "Updated Deployment a; Created ConfigMap a".to_owned())));
        assert_eq!(of(&[(Verb::Delete, &CONFIG_MAP), (Verb::Delete, &REVISION)]), None);
        let said = of(&[(Verb::Delete, &CONFIG_MAP), (Verb::Delete, &SERVICE)]);
        assert_eq!(said, Some(("Deleted", "Deleted Service a".to_owned())));
    }
}
