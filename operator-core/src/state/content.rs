//! Digests of what pods refer to.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use crate::model::{Content, Digest, Reference, Source};

/// Keys of which each has a digest of its own.
const MOST: usize = 64;

/// What a ConfigMap or Secret holds, in its `data` and `binaryData`: a digest of each value, by key. Its other fields don't matter to pods.
/// Only the keys are ever written: a digest would help to guess a value.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(from = "Vec<Box<str>>", into = "Vec<Box<str>>")]
pub struct Data(Box<[(Box<str>, Digest)]>);

impl From<Data> for Vec<Box<str>> {
    fn from(Data(data): Data) -> Self {
        data.into_iter().map(|(key, _)| key).collect()
    }
}

impl From<Vec<Box<str>>> for Data {
    fn from(keys: Vec<Box<str>>) -> Self {
        Self(keys.into_iter().map(|key| (key, Digest::of(&Value::Null))).collect())
    }
}

/// Mixes the cluster's `key` into what is known of the Secrets of others: whoever sees what follows from it can't guess their values. Pods wait
/// for the key as for any Secret; until it is known, the digests mean nothing.
pub fn keyed(
    mut contents: BTreeMap<Reference, Content>,
    key: &Reference,
    is_own: impl Fn(&Reference) -> bool,
) -> BTreeMap<Reference, Content> {
    let Some(with) = contents.get(key).cloned() else { return contents };
    for (reference, content) in &mut contents {
        let is_mixed = reference.source == Source::Secret && (reference == key || !is_own(reference));
        if let (Content::Present(digest), true) = (content, is_mixed) {
            *digest = match &with {
                Content::Present(key) => Digest::of(&json!([key, digest])),
                _ => Digest::of(&Value::Null),
            };
        }
    }
    contents
}

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
            all => Digest::of(&json!(all)),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_digest_of_a_secrets_value_says_nothing_without_the_key_and_is_never_written() {
        let reference = |source, name: &str| Reference { source, name: name.to_owned(), key: Some("a".to_owned()) };
        let [key, own, others] = ["key", "own", "others"].map(|name| reference(Source::Secret, name));
        let open = reference(Source::ConfigMap, "others");
        let present = |value: &str| Data::of(&json!({ "data": { "a": value } })).content(Some("a"));
        let with = |with: Content| {
            let known = [(&key, with), (&own, present("x")), (&others, present("x")), (&open, present("x"))];
            let known = known.map(|(reference, content)| (reference.clone(), content));
            keyed(known.into(), &key, |reference| [&key, &own].contains(&reference))
        };
        let (one, other, unknown) = (with(present("1")), with(present("2")), with(Content::Missing));
        for reference in [&key, &others] {
            assert_ne!(one[reference], other[reference]);
        }
        for (reference, plain) in [(&others, "x"), (&key, "1")] {
            assert_ne!(one[reference], present(plain));
        }
        assert_eq!((&one[&own], &one[&open]), (&present("x"), &present("x")));
        assert_eq!(
            (&unknown[&key], &unknown[&others]),
            (&Content::Missing, &Content::Present(Digest::of(&Value::Null)))
        );
        let written = serde_json::to_value(Data::of(&json!({ "data": { "a": "weak" } }))).unwrap();
        assert_eq!(written, json!(["a"]));
        assert_eq!(serde_json::from_value::<Data>(written).unwrap().keys().collect::<Vec<_>>(), ["a"]);
    }

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
