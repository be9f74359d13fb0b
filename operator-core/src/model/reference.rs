//! The ConfigMaps and Secrets that pods refer to, and what is known of them.

use std::{borrow::Cow, fmt};

use serde::{Deserialize, Deserializer, Serialize, Serializer, de};

use super::{
    Digest,
    kind::{CONFIG_MAP, ChildKind, SECRET},
};

/// A ConfigMap or Secret in the cluster's namespace, or one of its keys. As text: `Secret database`, `Secret database/password`.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Reference {
    /// Which of the two.
    pub source: Source,
    /// Its name.
    pub name: String,
    /// The key that is read; none: all of them.
    pub key: Option<String>,
}

/// What can be referred to.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Source {
    /// A ConfigMap.
    ConfigMap,
    /// A Secret.
    Secret,
}

impl Source {
    /// Its kind.
    pub fn kind(self) -> &'static ChildKind {
        match self {
            Self::ConfigMap => &CONFIG_MAP,
            Self::Secret => &SECRET,
        }
    }
}

impl fmt::Display for Reference {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {}", self.source.kind().kind, self.name)?;
        self.key.iter().try_for_each(|key| write!(f, "/{key}"))
    }
}

impl Serialize for Reference {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for Reference {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = Cow::<str>::deserialize(deserializer)?;
        let (source, place) = match text.split_once(' ') {
            Some(("ConfigMap", place)) => (Source::ConfigMap, place),
            Some(("Secret", place)) => (Source::Secret, place),
            _ => {
                let message = format!("`{text}` is no reference: write `Secret <name>` or `ConfigMap <name>/<key>`");
                return Err(de::Error::custom(message));
            }
        };
        let (name, key) = place.split_once('/').map_or((place, None), |(name, key)| (name, Some(key.to_owned())));
        Ok(Self { source, name: name.to_owned(), key })
    }
}

/// What is known of what is referred to. Its values are never kept, only their digest.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum Content {
    /// Nothing yet: its watch was just opened.
    Unknown,
    /// Nothing: its watch fails, and why.
    Unreadable(String),
    /// It isn't there.
    Missing,
    /// Over what is read of it.
    Present(Digest),
}
