//! Errors as the API server words them.

use serde_json::{Value, json};

use crate::kind::Kind;

/// A request that isn't granted, as a `Status`.
#[derive(Clone, Debug, PartialEq)]
pub struct Status {
    /// HTTP status code.
    pub code: u16,
    /// One word for the reason, as `metav1.StatusReason` has it; empty where the API server gives none.
    pub reason: &'static str,
    /// For people.
    pub message: String,
    /// What it is about, with the causes.
    pub details: Value,
}

/// A field that was refused: cause, path, message.
pub(crate) type Cause = (&'static str, String, String);

impl Status {
    fn new(code: u16, reason: &'static str, message: String, details: Value) -> Self {
        Self { code, reason, message, details }
    }

    /// As the body of a response.
    pub fn to_json(&self) -> Value {
        let mut status = json!({
            "kind": "Status", "apiVersion": "v1", "metadata": {}, "status": "Failure",
            "code": self.code, "message": self.message, "details": self.details,
        });
        if !self.reason.is_empty() {
            crate::json::put(&mut status, "/reason", self.reason);
        }
        status
    }

    pub(crate) fn bad_request(message: impl Into<String>) -> Self {
        Self::new(400, "BadRequest", message.into(), json!({}))
    }

    pub(crate) fn forbidden(kind: &Kind, name: &str, message: &str) -> Self {
        let message = format!("{} {name:?} is forbidden: {message}", kind.id());
        Self::new(403, "Forbidden", message, about(kind, name))
    }

    pub(crate) fn not_served() -> Self {
        Self::new(404, "NotFound", "the server could not find the requested resource".to_owned(), json!({}))
    }

    pub(crate) fn not_found(kind: &Kind, name: &str) -> Self {
        Self::new(404, "NotFound", format!("{} {name:?} not found", kind.id()), about(kind, name))
    }

    pub(crate) fn method_not_allowed() -> Self {
        let message = "the server does not allow this method on the requested resource";
        Self::new(405, "MethodNotAllowed", message.to_owned(), json!({}))
    }

    pub(crate) fn already_exists(kind: &Kind, name: &str) -> Self {
        Self::new(409, "AlreadyExists", format!("{} {name:?} already exists", kind.id()), about(kind, name))
    }

    pub(crate) fn conflict(kind: &Kind, name: &str, message: &str) -> Self {
        let message = format!("Operation cannot be fulfilled on {} {name:?}: {message}", kind.id());
        Self::new(409, "Conflict", message, about(kind, name))
    }

    pub(crate) fn stale(kind: &Kind, name: &str) -> Self {
        let message = "the object has been modified; please apply your changes to the latest version and try again";
        Self::conflict(kind, name, message)
    }

    /// Source: `NewConflictError` of `managedfields/internal/conflict.go`.
    pub(crate) fn apply_conflict(conflicts: &[(String, String)]) -> Self {
        let cause = |(manager, path): &(String, String)| json!({ "reason": "FieldManagerConflict", "message": format!("conflict with {manager}"), "field": path });
        let message = match conflicts {
            [(manager, path)] => format!("1 conflict: conflict with {manager}: {path}"),
            _ => {
                let mut managers: Vec<_> = conflicts.iter().map(|(manager, _)| manager).collect();
                managers.sort();
                managers.dedup();
                let lines = managers.into_iter().map(|manager| {
                    let paths = conflicts.iter().filter(|(other, _)| other == manager);
                    let paths: Vec<_> = paths.map(|(_, path)| format!("\n- {path}")).collect();
                    format!("conflicts with {manager}:{}", paths.concat())
                });
                format!("{} conflicts: {}", conflicts.len(), lines.collect::<Vec<_>>().join("\n"))
            }
        };
        let details = json!({ "causes": conflicts.iter().map(cause).collect::<Vec<_>>() });
        Self::new(409, "Conflict", format!("Apply failed with {message}"), details)
    }

    pub(crate) fn unsupported_media_type(got: &str) -> Self {
        let message = format!("the body of the request was in an unknown format - got {got:?}");
        Self::new(415, "UnsupportedMediaType", message, json!({}))
    }

    pub(crate) fn invalid(kind: &str, name: &str, causes: &[Cause]) -> Self {
        let shown: Vec<_> = causes.iter().map(|(_, field, message)| format!("{field}: {message}")).collect();
        let shown = if shown.len() == 1 { shown.concat() } else { format!("[{}]", shown.join(", ")) };
        let cause = |(reason, field, message): &Cause| json!({ "reason": reason, "message": message, "field": field });
        let (kind_name, group) = kind.split_once('.').unwrap_or((kind, ""));
        let causes: Vec<_> = causes.iter().map(cause).collect();
        let mut details = json!({ "name": name, "kind": kind_name, "causes": causes });
        if !group.is_empty() {
            crate::json::put(&mut details, "/group", group);
        }
        Self::new(422, "Invalid", format!("{kind} {name:?} is invalid: {shown}"), details)
    }

    /// An error that the API server hands on without a reason.
    pub(crate) fn internal(message: String) -> Self {
        Self::new(500, "", message, json!({}))
    }
}

pub(crate) fn about(kind: &Kind, name: &str) -> Value {
    let mut details = json!({ "name": name, "kind": kind.plural });
    if !kind.group.is_empty() {
        crate::json::put(&mut details, "/group", kind.group.as_str());
    }
    details
}
