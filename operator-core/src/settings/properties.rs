//! Flat configuration: names and scalar values.

use std::{borrow::Cow, collections::BTreeMap};

use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::{Deserialize, Serialize};

/// Names and values of a flat configuration file, as in Java's `.properties`. Values are strings or integers.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Properties(pub BTreeMap<String, Scalar>);

/// A value of [`Properties`].
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(untagged)]
pub enum Scalar {
    /// A number without quotes in the custom resource.
    Integer(i64),
    /// Text.
    String(String),
}

impl std::fmt::Display for Scalar {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Integer(value) => value.fmt(f),
            Self::String(value) => value.fmt(f),
        }
    }
}

impl Properties {
    /// Sets one value; a later call overrides it.
    pub fn set(&mut self, name: impl Into<String>, value: impl ToString) -> &mut Self {
        self.0.insert(name.into(), Scalar::String(value.to_string()));
        self
    }

    /// These values over lower ones: what the user says over what a function computes.
    #[must_use]
    pub fn over(&self, lower: impl Into<Self>) -> Self {
        let mut all = lower.into();
        all.0.extend(self.0.clone());
        all
    }
}

impl<N: Into<String>, V: ToString, const LENGTH: usize> From<[(N, V); LENGTH]> for Properties {
    fn from(pairs: [(N, V); LENGTH]) -> Self {
        pairs.into_iter().collect()
    }
}

impl<N: Into<String>, V: ToString> FromIterator<(N, V)> for Properties {
    fn from_iter<I: IntoIterator<Item = (N, V)>>(pairs: I) -> Self {
        Self(pairs.into_iter().map(|(name, value)| (name.into(), Scalar::String(value.to_string()))).collect())
    }
}

impl JsonSchema for Properties {
    fn inline_schema() -> bool {
        true
    }

    fn schema_name() -> Cow<'static, str> {
        "Properties".into()
    }

    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        json_schema!({
            "type": "object",
            "additionalProperties": { "x-kubernetes-int-or-string": true },
        })
    }
}
