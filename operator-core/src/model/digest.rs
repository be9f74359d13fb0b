//! Hashes over canonical JSON: sorted keys, no white space.

use std::fmt;

use serde_json::Value;
use sha2::{Digest as _, Sha256};

/// The first 128 bits of a SHA-256 over canonical JSON.
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Digest([u8; 16]);

impl Digest {
    /// Over one value.
    pub fn of(value: &Value) -> Self {
        let mut hasher = Hasher::default();
        hasher.value(value);
        hasher.finish()
    }

    /// Ten hexadecimal digits, for names and annotations.
    pub fn short(&self) -> String {
        let mut text = self.to_string();
        text.truncate(10);
        text
    }
}

impl fmt::Display for Digest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.iter().try_for_each(|byte| write!(f, "{byte:02x}"))
    }
}

impl fmt::Debug for Digest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Digest({self})")
    }
}

/// Takes canonical JSON piece by piece. Every value ends itself or says its length first, so that no two values read the same.
#[derive(Default)]
struct Hasher(Sha256);

impl Hasher {
    fn value(&mut self, value: &Value) {
        match value {
            Value::Object(map) => {
                // serde_json keeps maps sorted unless some crate in the build asks it to preserve order.
                let mut entries: Vec<_> = map.iter().collect();
                entries.sort_by_key(|(key, _)| key.as_str());
                self.0.update(b"{");
                for (key, value) in entries {
                    self.text(key);
                    self.value(value);
                }
                self.0.update(b"}");
            }
            Value::Array(items) => {
                self.0.update(b"[");
                items.iter().for_each(|item| self.value(item));
                self.0.update(b"]");
            }
            Value::String(text) => self.text(text),
            Value::Null => self.0.update(b"n"),
            Value::Bool(value) => self.0.update(if *value { b"t" } else { b"f" }),
            Value::Number(number) => {
                self.0.update(b"#");
                self.0.update(number.to_string().as_bytes());
                self.0.update(b",");
            }
        }
    }

    fn text(&mut self, text: &str) {
        self.0.update(b"\"");
        self.0.update((text.len() as u64).to_le_bytes());
        self.0.update(text.as_bytes());
    }

    fn finish(self) -> Digest {
        let mut first = [0; 16];
        first.iter_mut().zip(self.0.finalize()).for_each(|(to, from)| *to = from);
        Digest(first)
    }
}
