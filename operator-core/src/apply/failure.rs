//! Why a write didn't go through.

use k8s_openapi::ByteString;
use kube::core::Status;
use serde::Deserialize;
use serde_json::Value;

/// A write that didn't go through.
pub enum Failure {
    Api(Box<Status>),
    Text(String),
}

impl Failure {
    pub fn code(&self) -> Option<u16> {
        match self {
            Self::Api(status) => Some(status.code),
            Self::Text(_) => None,
        }
    }

    pub fn meanwhile() -> Self {
        Self::Text("it was changed, deleted or replaced meanwhile".to_owned())
    }

    /// Without what the API server may quote of a Secret.
    pub fn without_values(self, json: &Value) -> Self {
        let values = json.get("data").and_then(Value::as_object).into_iter().flatten();
        let hide = |message: &str| {
            values.filter_map(|(_, value)| value.as_str()).filter(|value| !value.is_empty()).fold(
                message.to_owned(),
                |message, value| {
                    let text = ByteString::deserialize(Value::from(value)).ok();
                    let text = text.and_then(|text| String::from_utf8(text.0).ok()).filter(|text| !text.is_empty());
                    let message = message.replace(value, "…");
                    text.map_or_else(|| message.clone(), |text| message.replace(&text, "…"))
                },
            )
        };
        match self {
            Self::Api(mut status) => {
                status.message = hide(&status.message);
                Self::Api(status)
            }
            Self::Text(text) => Self::Text(hide(&text)),
        }
    }

    /// Whether the same request would be refused again: it can't be read (400), fails validation (422), or doesn't have its type's shape,
    /// which server-side apply reports as an internal error.
    pub fn is_refusal(&self) -> bool {
        matches!(self.code(), Some(400 | 422))
            || (self.code() == Some(500) && self.message().starts_with("failed to create typed patch object"))
    }

    pub fn message(&self) -> &str {
        match self {
            Self::Api(status) => &status.message,
            Self::Text(text) => text,
        }
    }
}
