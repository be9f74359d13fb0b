//! An object as it comes from a watch: its text, of which only the head is read. The rest is, where the head is news.

use std::fmt;

use k8s_openapi::apimachinery::pkg::apis::meta::v1::ObjectMeta;
use serde::{Deserialize, Deserializer, de};
use serde_json::value::RawValue;

use crate::{model::Kind, state::dynamic_resource};

/// An object as text, with its head.
#[derive(Clone)]
pub struct Raw {
    metadata: ObjectMeta,
    text: Box<RawValue>,
}

dynamic_resource!(Raw, Kind, |kind| kind);

impl Raw {
    /// UID.
    pub fn uid(&self) -> &str {
        self.metadata.uid.as_deref().unwrap_or_default()
    }

    /// Version; the API server counts upwards within a kind (KEP-5504).
    pub fn version(&self) -> u64 {
        self.metadata.resource_version.as_deref().and_then(|version| version.parse().ok()).unwrap_or_default()
    }

    /// The whole object.
    pub fn text(&self) -> &str {
        self.text.get()
    }
}

/// Only its head: the text may be a Secret's.
impl fmt::Debug for Raw {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Raw").field("name", &self.metadata.name).field("uid", &self.uid()).finish_non_exhaustive()
    }
}

impl<'de> Deserialize<'de> for Raw {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        #[derive(Deserialize)]
        struct Object {
            metadata: Head,
        }
        #[derive(Deserialize)]
        #[serde(rename_all = "camelCase")]
        struct Head {
            name: Option<String>,
            uid: Option<String>,
            resource_version: Option<String>,
        }
        let text = Box::<RawValue>::deserialize(deserializer)?;
        let Object { metadata: Head { name, uid, resource_version } } =
            serde_json::from_str(text.get()).map_err(de::Error::custom)?;
        Ok(Self { metadata: ObjectMeta { name, uid, resource_version, ..ObjectMeta::default() }, text })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_text_is_never_shown() {
        let text = r#"{"metadata":{"name":"a","uid":"u","resourceVersion":"7"},"data":{"k":"hush"}}"#;
        let raw: Raw = serde_json::from_str(text).unwrap();
        assert_eq!((raw.uid(), raw.version(), raw.text()), ("u", 7, text));
        assert_eq!(format!("{raw:?}"), r#"Raw { name: Some("a"), uid: "u", .. }"#);
    }
}
