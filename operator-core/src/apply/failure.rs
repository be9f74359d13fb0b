//! Why a request didn't go through.

use std::time::Duration;

use http::{HeaderMap, StatusCode, header::RETRY_AFTER};
use k8s_openapi::ByteString;
use kube::core::{Status, response::StatusCause};
use serde::Deserialize;
use serde_json::Value;

use crate::model::ChildKind;

/// A request that didn't go through. It has no `Debug`: the API server may quote what was sent.
#[derive(Default)]
pub struct Failure {
    /// As HTTP has it; none: there was no answer.
    pub code: Option<u16>,
    /// A sentence, mostly the API server's.
    pub message: String,
    /// When the API server wants to be asked again.
    pub again: Option<Duration>,
    causes: Vec<StatusCause>,
}

impl Failure {
    /// There was no answer that says anything.
    pub fn text(message: impl Into<String>) -> Self {
        Self { message: message.into(), ..Self::default() }
    }

    /// The answer can't be read.
    pub fn unreadable(error: &serde_json::Error) -> Self {
        Self::text(format!("unreadable answer: {error}"))
    }

    /// An answer that isn't a success. Proxies on the way don't answer with a `Status`.
    pub fn answered(code: StatusCode, body: &[u8], again: Option<Duration>) -> Self {
        let status = serde_json::from_slice::<Status>(body).unwrap_or_default();
        let said = || format!("{code}: {}", String::from_utf8_lossy(body).trim());
        Self {
            code: Some(code.as_u16()),
            message: if status.message.is_empty() { said() } else { status.message },
            causes: status.details.map(|details| details.causes).unwrap_or_default(),
            again,
        }
    }

    /// Whether the same request would be refused again: it can't be read (400), fails validation (422), is too large (413), or doesn't have its
    /// type's shape, which server-side apply reports as an internal error.
    pub fn is_refusal(&self) -> bool {
        !self.is_other_object() && self.is_final()
    }

    /// Whether what is there isn't what the request is about. Webhooks and quotas may answer with the same code.
    pub fn is_conflict(&self) -> bool {
        self.code == Some(409) && !self.is_denial() && !self.message.contains("resourcequotas")
    }

    /// Whether the object that was to be deleted, by its UID, isn't there: it isn't found, or another one has its name. A conflict alone is no
    /// proof of that.
    pub fn is_gone(&self) -> bool {
        self.code == Some(404) || (self.code == Some(409) && self.message.contains("the UID in the precondition"))
    }

    /// Whether a quota has room for no more objects of a kind, but for those that are there: then nothing was wrong with the object itself, and
    /// there is room for it once one of them is deleted.
    pub fn is_full_of(&self, kind: &ChildKind) -> bool {
        let group = if kind.group.is_empty() { String::new() } else { format!(".{}", kind.group) };
        let count = format!("count/{}{group}", kind.plural);
        let numbers = || {
            let (_, rest) = self.message.split_once(&format!("requested: {count}=1, used: {count}="))?;
            let (used, limited) = rest.split_once(&format!(", limited: {count}="))?;
            Some((used.parse::<u64>().ok()?, limited.parse::<u64>().ok()?))
        };
        self.code == Some(403) && numbers().is_some_and(|(used, limited)| used <= limited)
    }

    /// Whether another object of its name is there by now.
    fn is_other_object(&self) -> bool {
        self.causes.iter().any(|cause| cause.field == "metadata.uid")
    }

    fn is_final(&self) -> bool {
        matches!(self.code, Some(400 | 413 | 422))
            || (self.code == Some(500) && self.message.starts_with("failed to create typed patch object"))
            || self.is_denial()
    }

    /// Whether someone's admission webhook or policy said no.
    fn is_denial(&self) -> bool {
        ["denied the request", "denied request"].iter().any(|said| self.message.contains(said))
    }

    /// Whether it is about what is there rather than about what was sent: a field of the kind that can't be changed, or an item of a list whose
    /// key someone else has changed.
    pub fn is_about(&self, kind: &ChildKind) -> bool {
        let immutable = |cause: &StatusCause| {
            kind.immutable
                .iter()
                .any(|path| cause.field.strip_prefix(path).is_some_and(|rest| rest.is_empty() || rest.starts_with('[')))
        };
        !self.is_denial() && self.causes.iter().any(|cause| cause.reason == "FieldValueDuplicate" || immutable(cause))
    }

    /// Without the values of the `secret` that was sent.
    pub fn without_values(mut self, secret: &Value) -> Self {
        let values = secret.get("data").and_then(Value::as_object).into_iter().flatten();
        for value in values.filter_map(|(_, value)| value.as_str()) {
            let text = ByteString::deserialize(Value::from(value)).ok().and_then(|text| String::from_utf8(text.0).ok());
            for shown in [Some(value), text.as_deref()].into_iter().flatten().filter(|shown| !shown.is_empty()) {
                self.message = self.message.replace(shown, "…");
            }
        }
        self
    }
}

impl From<kube::core::request::Error> for Failure {
    fn from(error: kube::core::request::Error) -> Self {
        Self::text(error.to_string())
    }
}

/// The `Retry-After` of an answer, in seconds.
pub fn retry_after(headers: &HeaderMap) -> Option<Duration> {
    headers.get(RETRY_AFTER)?.to_str().ok()?.parse().ok().map(Duration::from_secs)
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn answered(code: u16, message: &str, fields: &[&str]) -> Failure {
        let causes: Vec<Value> =
            fields.iter().map(|field| json!({ "reason": "FieldValueInvalid", "field": field })).collect();
        let status = json!({ "status": "Failure", "message": message, "code": code, "details": { "causes": causes } });
        Failure::answered(StatusCode::from_u16(code).unwrap(), status.to_string().as_bytes(), None)
    }

    #[test]
    fn another_object_of_the_name_is_no_refusal() {
        assert!(!answered(422, "is invalid", &["metadata.uid"]).is_refusal());
        assert!(answered(422, "is invalid", &["spec.ports"]).is_refusal());
    }

    #[test]
    fn webhooks_and_quotas_use_the_code_of_conflicts_too() {
        assert!(answered(409, "configmaps \"a\" already exists", &[]).is_conflict());
        assert!(
            answered(409, "the UID in the precondition (a) does not match the UID in record (b)", &[]).is_conflict()
        );
        let denied = answered(409, "admission webhook \"a.b\" denied the request: protected", &[]);
        assert!(!denied.is_conflict() && denied.is_refusal());
        let quota =
            answered(409, "Operation cannot be fulfilled on resourcequotas \"q\": the object has been modified", &[]);
        assert!(!quota.is_conflict() && !quota.is_refusal());
    }

    #[test]
    fn a_quota_makes_room_for_what_replaces_an_object_only_where_nothing_else_exceeds_it() {
        let count = "count/statefulsets.apps";
        let said = |requested: &str, used: u8, limited: &str| {
            let message = format!(
                "is forbidden: exceeded quota: q, requested: {requested}, used: {count}={used}, limited: {limited}"
            );
            answered(403, &message, &[]).is_full_of(&crate::model::kind::STATEFUL_SET)
        };
        assert!(said("count/statefulsets.apps=1", 5, "count/statefulsets.apps=5"));
        assert!(!said("count/statefulsets.apps=1", 5, "count/statefulsets.apps=3"), "it was lowered");
        assert!(!said("count/statefulsets.apps=1,requests.storage=1Gi", 5, "count/statefulsets.apps=5"));
        assert!(!said("count/statefulsets.apps=1", 5, "count/statefulsets.apps=5,requests.storage=1Gi"));
        assert!(!said("count/deployments.apps=1", 5, "count/deployments.apps=5"));
    }

    #[test]
    fn what_may_pass_is_no_refusal() {
        assert!(!answered(429, "too many requests", &[]).is_refusal());
        assert!(!answered(403, "exceeded quota", &[]).is_refusal());
        assert!(answered(403, "admission webhook denied the request", &[]).is_refusal());
        assert!(answered(413, "too large", &[]).is_refusal());
    }
}
