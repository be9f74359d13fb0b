//! TOML.

use serde_json::Value;
use toml::{Table, Value as Toml};

use super::{Unwritable, map};

pub fn write(value: &Value) -> Result<String, Unwritable> {
    let fields = map(value)?.iter().map(|(key, value)| Ok((key.clone(), converted(key, value)?)));
    Ok(toml::to_string(&fields.collect::<Result<Table, Unwritable>>()?)?)
}

/// A table is sorted by key.
fn converted(path: &str, value: &Value) -> Result<Toml, Unwritable> {
    Ok(match value {
        Value::Null => return Err(Unwritable::TomlNull(path.to_owned())),
        Value::Bool(value) => Toml::Boolean(*value),
        Value::String(text) => Toml::String(text.clone()),
        Value::Number(number) => match (number.as_i64(), number.as_f64()) {
            (Some(integer), _) => Toml::Integer(integer),
            (None, Some(float)) if !number.is_u64() => Toml::Float(float),
            _ => return Err(Unwritable::TomlNumber(path.to_owned(), number.clone())),
        },
        Value::Array(items) => {
            let item = |(index, item)| converted(&format!("{path}[{index}]"), item);
            Toml::Array(items.iter().enumerate().map(item).collect::<Result<_, _>>()?)
        }
        Value::Object(map) => {
            let fields = map.iter().map(|(key, value)| Ok((key.clone(), converted(&format!("{path}.{key}"), value)?)));
            Toml::Table(fields.collect::<Result<_, Unwritable>>()?)
        }
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn it_is_sorted_and_keeps_types() {
        let value = json!({ "z": 1, "b": { "y": true, "x": 1.5, "w": "1" }, "a": [{ "k": "v" }, { "k": "\"w\"\n" }], "m": ["x", "y"] });
        let written = write(&value).unwrap();
        assert_eq!(
            written,
            "m = [\"x\", \"y\"]\nz = 1\n\n[[a]]\nk = \"v\"\n\n[[a]]\nk = \"\"\"\n\"w\"\n\"\"\"\n\n[b]\nw = \"1\"\nx = 1.5\ny = true\n"
        );
    }

    #[test]
    fn what_toml_cannot_hold_is_refused() {
        let refused = |value: Value| write(&value).unwrap_err().to_string();
        assert_eq!(
            refused(json!({ "a": { "b": [1, null] } })),
            "`a.b[1]` is null, which TOML doesn't have: leave it out"
        );
        assert!(refused(json!({ "a": u64::MAX })).contains("beyond TOML's integers"));
        assert_eq!(refused(json!("x")), "must be a map of names to values");
    }
}
