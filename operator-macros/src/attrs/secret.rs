//! `#[secret(…)]` on a field.

use darling::util::SpannedValue;
use syn::Attribute;

use super::{Keys, Text};
use crate::errors::Errors;

/// The keys of `#[secret]`.
pub struct SecretKeys {
    pub env: Option<Text>,
    pub file: Option<Text>,
    /// Folder of all keys.
    pub folder: Option<Text>,
    pub key: Option<Text>,
    /// Length of what is made.
    pub generate: Option<SpannedValue<u32>>,
    /// Names of the node types that read it; empty: all.
    pub readers: Vec<Text>,
}

impl SecretKeys {
    /// Reads the attribute.
    pub fn read(attribute: &Attribute, errors: &Errors) -> Self {
        let mut keys = Keys::of("secret", &[attribute], errors);
        let folder = keys.text("folder");
        if folder.is_some() {
            for key in ["env", "file", "key", "generate"] {
                keys.refuse(key, "a `folder` has a file of each key of the Secret; give one key a field of its own");
            }
        } else if !keys.has("env") && !keys.has("file") {
            keys.require(
                "env",
                "env = \"PASSWORD\", file = \"/etc/app/password\", or folder = \"/etc/app/tls\" for all keys",
            );
        }
        let env = keys.text("env");
        let file = keys.text("file");
        let key = keys.text("key");
        let generate = keys.flag_or_list("generate", "length = 32").map(|(span, list)| {
            let length = list.and_then(|mut keys| {
                let length = keys.integer("length", 16..=256);
                keys.finish();
                length
            });
            length.unwrap_or_else(|| SpannedValue::new(32, span))
        });
        let readers = keys.words("readers");
        keys.finish();
        Self { env, file, folder, key, generate, readers }
    }
}
