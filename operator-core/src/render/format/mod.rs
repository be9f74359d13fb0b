//! How the value of a configuration file is written: sorted by key, escaped, and refused with a sentence where the format can't hold it.
//!
//! | module | format |
//! | --- | --- |
//! | `properties` | Java properties |
//! | `env` | variables for a shell |
//! | `ini` | sections of `key = value` |
//! | `toml` | TOML |
//! | `xml` | Hadoop's XML |

mod env;
mod ini;
mod properties;
mod toml;
mod xml;

use serde_json::{Map, Value};

use crate::definition::Format;

/// Writes a value. The error is a sentence about the value.
pub fn write(format: Format, value: &Value) -> Result<String, String> {
    match format {
        Format::Raw => value.as_str().map(str::to_owned).ok_or_else(|| "must be a string".to_owned()),
        Format::Properties => properties::write(value),
        Format::Env => env::write(value),
        Format::Json => {
            serde_json::to_string_pretty(&sorted(value)).map(|text| text + "\n").map_err(|error| error.to_string())
        }
        Format::Yaml => serde_saphyr::to_string(&sorted(value)).map_err(|error| error.to_string()),
        Format::Toml => toml::write(value),
        Format::Ini => ini::write(value),
        Format::Xml => xml::write(value),
    }
}

/// Maps sorted by key, so that the content doesn't depend on how they came.
fn sorted(value: &Value) -> Value {
    match value {
        Value::Object(map) => by_name(map).into_iter().map(|(key, value)| (key.clone(), sorted(value))).collect(),
        Value::Array(items) => items.iter().map(sorted).collect(),
        value => value.clone(),
    }
}

fn by_name(map: &Map<String, Value>) -> Vec<(&String, &Value)> {
    let mut entries: Vec<_> = map.iter().collect();
    entries.sort_by_key(|(key, _)| key.as_str());
    entries
}

fn map(value: &Value) -> Result<&Map<String, Value>, String> {
    value.as_object().ok_or_else(|| "must be a map of names to values".to_owned())
}

/// What a flat file holds: names and single values, sorted by name. What is `null` isn't there.
fn entries(value: &Value) -> Result<Vec<(&str, String)>, String> {
    let entries = by_name(map(value)?).into_iter().filter(|(_, value)| !value.is_null());
    entries.map(|(key, value)| Ok((key.as_str(), scalar(key, value)?))).collect()
}

fn scalar(key: &str, value: &Value) -> Result<String, String> {
    match value {
        Value::String(text) => Ok(text.clone()),
        Value::Number(number) => Ok(number.to_string()),
        Value::Bool(value) => Ok(value.to_string()),
        _ => Err(format!("`{key}` must be a string, a number or a boolean")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn json_and_yaml_are_sorted_and_keep_types() {
        let value = json!({ "b": 1, "a": ["x", true, 1.5, null, "1", "true"] });
        assert_eq!(
            write(Format::Json, &value).unwrap(),
            "{\n  \"a\": [\n    \"x\",\n    true,\n    1.5,\n    null,\n    \"1\",\n    \"true\"\n  ],\n  \"b\": 1\n}\n"
        );
        let yaml = write(Format::Yaml, &value).unwrap();
        assert!(yaml.find("a:") < yaml.find("b:"), "{yaml}");
        assert_eq!(serde_saphyr::from_str::<Value>(&yaml).unwrap(), value);
    }

    #[test]
    fn raw_text_is_written_as_it_is() {
        assert_eq!(write(Format::Raw, &json!("as\r\nit is")).unwrap(), "as\r\nit is");
        assert_eq!(write(Format::Raw, &json!({})).unwrap_err(), "must be a string");
    }

    #[test]
    fn flat_formats_hold_no_nested_values() {
        for format in [Format::Properties, Format::Env, Format::Xml] {
            let refused = write(format, &json!({ "a": { "b": 1 } })).unwrap_err();
            assert_eq!(refused, "`a` must be a string, a number or a boolean");
            assert_eq!(write(format, &json!([1])).unwrap_err(), "must be a map of names to values");
        }
    }
}
