//! Digests of what pods refer to.

use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::model::{Content, Digest};

/// Keys of which each has a digest of its own.
const MOST: usize = 64;

/// What a ConfigMap or Secret holds, in its `data` and `binaryData`: a digest of each value, by key. Its other fields don't matter to pods.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Data(Box<[(Box<str>, Digest)]>);

impl Data {
    /// Of an object.
    pub fn of(object: &Value) -> Self {
        let of_field = |field: &'static str| {
            let values = object.get(field).and_then(Value::as_object).into_iter().flatten();
            values.map(move |(key, value)| (key.as_str().into(), Digest::of_texts([field, &value.to_string()])))
        };
        Self(of_field("data").chain(of_field("binaryData")).collect())
    }

    /// Of an object as text. Nothing in it can make that fail: errors quote values.
    pub fn read(text: &str) -> Self {
        Self::of(&serde_json::from_str(text).unwrap_or_default())
    }

    /// As it is kept of what isn't the operator's, and may be large: of many keys, one digest stands for all.
    pub fn bounded(self) -> Self {
        if self.0.len() <= MOST { self } else { Self([("".into(), self.all())].into()) }
    }

    /// The keys.
    pub fn keys(&self) -> impl Iterator<Item = &str> {
        self.0.iter().map(|(key, _)| &**key)
    }

    /// What is known of a key's value; without a key, of all that is there.
    pub fn content(&self, key: Option<&str>) -> Content {
        let of_key =
            |key: &str| self.0.iter().find(|(known, _)| [key, ""].contains(&&**known)).map(|(_, digest)| *digest);
        key.map_or_else(|| Some(self.all()), of_key).map_or(Content::Missing, Content::Present)
    }

    fn all(&self) -> Digest {
        match &*self.0 {
            [(key, all)] if key.is_empty() => *all,
            all => Digest::of(&serde_json::json!(all)),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn only_the_data_counts_and_of_it_what_is_read() {
        let of = |object: Value, key| Data::of(&object).content(key);
        let one = || json!({ "data": { "a": "1", "b": "2" }, "metadata": { "resourceVersion": "7" } });
        let same = || json!({ "data": { "b": "2", "a": "1" }, "type": "Opaque", "binaryData": null });
        let other = || json!({ "data": { "a": "1", "b": "3" } });
        for key in [None, Some("a"), Some("b")] {
            assert_eq!(of(one(), key), of(same(), key));
            assert_eq!(of(one(), key) == of(other(), key), key == Some("a"));
            assert_ne!(of(one(), key), of(json!({ "binaryData": { "a": "1", "b": "2" } }), key));
        }
        assert_eq!(of(one(), Some("c")), Content::Missing);
        let many = |value: &str| {
            let data: serde_json::Map<_, _> = (0..=MOST).map(|at| (at.to_string(), value.into())).collect();
            Data::of(&json!({ "data": data }))
        };
        assert_eq!(many("x").bounded().content(None), many("x").content(None));
        assert_ne!(many("x").bounded().content(Some("0")), many("y").bounded().content(Some("0")));
        assert_eq!(of(json!({}), None), of(json!({ "data": {} }), None));
    }
}
