//! Kubernetes events on clusters: what was done to their children, and what is wrong.

use http::Request;
use k8s_openapi::jiff::Timestamp;
use kube::Client;
use serde_json::{Value, json};
use tokio::sync::mpsc;

use super::watch::Task;
use crate::{definition::Definition, model::kind::ChildKind, plan::Verb, render::Identity, status::Problem};

/// Events that wait to be written; beyond that they are dropped.
const WAITING: usize = 1024;
/// Longest note, in bytes; source: the validation of `events.k8s.io/v1`.
const LONGEST: usize = 1000;

/// Writes events, one after the other, beside the loop.
pub struct Recorder {
    manager: String,
    queue: mpsc::Sender<(String, Value)>,
    _task: Task,
}

impl Recorder {
    /// Starts writing in the name of `manager`.
    pub fn start(client: Client, manager: &str) -> Self {
        let (queue, mut waiting) = mpsc::channel::<(String, Value)>(WAITING);
        let task = tokio::spawn(async move {
            while let Some((namespace, event)) = waiting.recv().await {
                let url = format!("/apis/events.k8s.io/v1/namespaces/{namespace}/events");
                let request = Request::post(url).header("content-type", "application/json");
                let Ok(request) = request.body(event.to_string().into_bytes()) else {
                    continue;
                };
                if let Err(error) = client.request::<serde::de::IgnoredAny>(request).await {
                    tracing::debug!(%error, "event");
                }
            }
        });
        Self { manager: manager.to_owned(), queue, _task: Task(task) }
    }

    /// Says what was done, in one event: its reason is the first of what was done, its note all of it.
    pub fn done(&self, cluster: &Identity, definition: &Definition, done: &[(Verb, &'static ChildKind, String)]) {
        let said = |wanted: Verb| {
            let objects = done.iter().filter(move |(verb, _, _)| *verb == wanted);
            objects.map(|(_, kind, name)| format!("{} {name}", kind.kind)).collect::<Vec<_>>().join(", ")
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
        let Some((reason, _)) = parts.first() else { return };
        let note: Vec<String> = parts.iter().map(|(reason, objects)| format!("{reason} {objects}")).collect();
        self.record(cluster, definition, "Normal", reason, "Reconcile", &note.join("; "));
    }

    /// Says what is wrong.
    pub fn problem(&self, cluster: &Identity, definition: &Definition, problem: &Problem) {
        self.record(cluster, definition, "Warning", problem.reason.as_str(), "Reconcile", &problem.message);
    }

    fn record(&self, cluster: &Identity, definition: &Definition, type_: &str, reason: &str, action: &str, note: &str) {
        let mut end = note.len().min(LONGEST);
        while !note.is_char_boundary(end) {
            end -= 1;
        }
        let note = if end < note.len() { format!("{}…", &note[..end]) } else { note.to_owned() };
        let event = json!({
            "apiVersion": "events.k8s.io/v1",
            "kind": "Event",
            "metadata": { "generateName": format!("{}-", cluster.name), "namespace": cluster.namespace },
            "eventTime": Timestamp::now().strftime("%Y-%m-%dT%H:%M:%S%.6fZ").to_string(),
            "reportingController": self.manager,
            "reportingInstance": self.manager,
            "type": type_,
            "reason": reason,
            "action": action,
            "note": note,
            "regarding": {
                "apiVersion": definition.api_version(),
                "kind": definition.kind,
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
