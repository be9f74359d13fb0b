//! Configuration of any shape.

use std::borrow::Cow;

use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use super::{merge_values, schema::PRESERVED};

/// A map of any names and values, nested as deep as you like: configuration whose shape only the application knows. The API server takes it as
/// it is.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Freeform(pub Map<String, Value>);

impl Freeform {
    /// These values over lower ones: maps are merged by key, at every depth; lists and single values replace the lower ones; `null` leaves
    /// them.
    #[must_use]
    pub fn over(&self, lower: Value) -> Value {
        merge_values(lower, self.0.clone().into())
    }
}

impl JsonSchema for Freeform {
    fn inline_schema() -> bool {
        true
    }

    fn schema_name() -> Cow<'static, str> {
        "Freeform".into()
    }

    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        json_schema!({ "type": "object", PRESERVED: true })
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn it_is_laid_over_lower_values() {
        let freeform: Freeform = serde_json::from_value(json!({ "a": { "b": 1, "d": null }, "l": [3] })).unwrap();
        let lower = json!({ "a": { "b": 0, "c": 2, "d": 4 }, "l": [1, 2] });
        assert_eq!(freeform.over(lower), json!({ "a": { "b": 1, "c": 2, "d": 4 }, "l": [3] }));
    }
}
