//! Hashes over canonical JSON: sorted keys, no white space.

use std::{borrow::Cow, fmt};

use ring::digest::{SHA256, digest};
use serde::{Deserialize, Deserializer, Serialize, Serializer, de};
use serde_json::Value;

/// The first 64 bits of a SHA-256. As text: 16 hexadecimal digits.
#[derive(Clone, Copy, Default, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Digest(u64);

impl Digest {
    /// Over one value.
    pub fn of(value: &Value) -> Self {
        Self::of_all([value])
    }

    /// Over several values.
    pub fn of_all<'a>(values: impl IntoIterator<Item = &'a Value>) -> Self {
        let mut hasher = Hasher::default();
        values.into_iter().for_each(|value| hasher.value(value));
        hasher.finish()
    }

    /// Over texts, each told from its neighbours.
    pub fn of_texts<'a>(texts: impl IntoIterator<Item = &'a str>) -> Self {
        let mut hasher = Hasher::default();
        texts.into_iter().for_each(|text| hasher.text(text));
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
        write!(f, "{:016x}", self.0)
    }
}

impl Serialize for Digest {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for Digest {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = Cow::<str>::deserialize(deserializer)?;
        u64::from_str_radix(&text, 16).map(Self).map_err(de::Error::custom)
    }
}

impl fmt::Debug for Digest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Digest({self})")
    }
}

/// Canonical JSON, piece by piece. Every value ends itself or says its length first, so that no two values read the same.
#[derive(Default)]
struct Hasher(Vec<u8>);

impl Hasher {
    fn value(&mut self, value: &Value) {
        match value {
            Value::Object(map) => {
                // serde_json keeps maps sorted unless some crate in the build asks it to preserve order.
                let mut entries: Vec<_> = map.iter().collect();
                entries.sort_by_key(|(key, _)| key.as_str());
                self.0.push(b'{');
                for (key, value) in entries {
                    self.text(key);
                    self.value(value);
                }
                self.0.push(b'}');
            }
            Value::Array(items) => {
                self.0.push(b'[');
                items.iter().for_each(|item| self.value(item));
                self.0.push(b']');
            }
            Value::String(text) => self.text(text),
            Value::Null => self.0.push(b'n'),
            Value::Bool(value) => self.0.push(if *value { b't' } else { b'f' }),
            Value::Number(number) => {
                self.0.push(b'#');
                self.0.extend_from_slice(number.to_string().as_bytes());
                self.0.push(b',');
            }
        }
    }

    fn text(&mut self, text: &str) {
        self.0.push(b'"');
        self.0.extend_from_slice(&(text.len() as u64).to_le_bytes());
        self.0.extend_from_slice(text.as_bytes());
    }

    fn finish(self) -> Digest {
        let hash = digest(&SHA256, &self.0);
        Digest(hash.as_ref().iter().take(8).fold(0, |bits, byte| bits << 8 | u64::from(*byte)))
    }
}
