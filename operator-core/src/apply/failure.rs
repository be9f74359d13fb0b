//! Why a write didn't go through.

use http::StatusCode;
use k8s_openapi::ByteString;
use kube::core::Status;
use serde::Deserialize;
use serde_json::Value;

/// A write that didn't go through. It has no `Debug`: the API server may quote what was sent.
pub struct Failure {
    /// As HTTP has it; none: there was no answer.
    pub code: Option<u16>,
    /// A sentence, mostly the API server's.
    pub message: String,
}

impl Failure {
    /// There was no answer that says anything.
    pub fn text(message: impl Into<String>) -> Self {
        Self { code: None, message: message.into() }
    }

    /// What was written to isn't what was seen.
    pub fn meanwhile() -> Self {
        Self::text("it was changed, deleted or replaced meanwhile")
    }

    /// An answer that isn't a success. Proxies on the way don't answer with a `Status`.
    pub fn answered(code: StatusCode, body: &[u8]) -> Self {
        let status = serde_json::from_slice::<Status>(body).map(|status| status.message);
        let message = status.ok().filter(|message| !message.is_empty());
        let message = message.unwrap_or_else(|| format!("{code}: {}", String::from_utf8_lossy(body).trim()));
        Self { code: Some(code.as_u16()), message }
    }

    /// Whether the same request would be refused again: it can't be read (400), fails validation (422), or doesn't have its type's shape,
    /// which server-side apply reports as an internal error.
    pub fn is_refusal(&self) -> bool {
        matches!(self.code, Some(400 | 422))
            || (self.code == Some(500) && self.message.starts_with("failed to create typed patch object"))
    }

    /// Whether someone's admission webhook or policy said no.
    pub fn is_denial(&self) -> bool {
        ["denied the request", "denied request"].iter().any(|said| self.message.contains(said))
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
