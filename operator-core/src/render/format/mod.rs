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

use serde_json::{Map, Number, Value};

use crate::definition::Format;

/// Why a format can't hold a value: a sentence about the value.
#[derive(Debug, thiserror::Error)]
pub enum Unwritable {
    #[error("must be a string")]
    NoText,
    #[error("must be a map of names to values")]
    NoMap,
    #[error("`{0}` must be a string, a number or a boolean")]
    NoScalar(String),
    #[error("`{0}` can't be a variable of a shell: use letters, digits and `_`")]
    EnvName(String),
    #[error("the value of `{0}` has a NUL, which a shell can't hold: leave it out")]
    EnvNul(String),
    #[error("`{0}` can't be the name of a section: no brackets, line breaks or outer spaces")]
    IniSection(String),
    #[error("`{0}` is a map within a section, which ini can't hold: write single values")]
    IniMap(String),
    #[error("`{0}` can't be a key in ini: no `=`, `:`, line breaks or outer spaces, no `[`, `#` or `;` in front")]
    IniKey(String),
    #[error("the value of `{0}` has a line break or control character, which ini can't hold")]
    IniControl(String),
    #[error("the value of `{0}` begins or ends with a space, which ini doesn't keep: leave it out")]
    IniSpace(String),
    #[error("`{0}` is null, which TOML doesn't have: leave it out")]
    TomlNull(String),
    #[error("`{0}` is {1}, which is beyond TOML's integers: write it as a string")]
    TomlNumber(String, Number),
    #[error("`{}` has the character U+{:04X}, which XML can't hold: leave it out", .0.escape_default(), u32::from(*.1))]
    XmlCharacter(String, char),
    #[error(transparent)]
    Json(#[from] serde_json::Error),
    #[error(transparent)]
    Yaml(#[from] serde_saphyr::ser::Error),
    #[error(transparent)]
    Toml(#[from] ::toml::ser::Error),
}

/// Writes a value.
pub fn write(format: Format, value: &Value) -> Result<String, Unwritable> {
    match format {
        Format::Raw => value.as_str().map(str::to_owned).ok_or(Unwritable::NoText),
        Format::Properties => properties::write(value),
        Format::Env => env::write(value),
        Format::Json => Ok(serde_json::to_string_pretty(&sorted(value))? + "\n"),
        Format::Yaml => Ok(serde_saphyr::to_string(&sorted(value))?),
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

fn by_name<'a>(entries: impl IntoIterator<Item = (&'a String, &'a Value)>) -> Vec<(&'a String, &'a Value)> {
    let mut entries = Vec::from_iter(entries);
    entries.sort_by_key(|(key, _)| key.as_str());
    entries
}

fn map(value: &Value) -> Result<&Map<String, Value>, Unwritable> {
    value.as_object().ok_or(Unwritable::NoMap)
}

/// What a flat file holds: names and single values, sorted by name. What is `null` isn't there.
fn entries(value: &Value) -> Result<Vec<(&str, String)>, Unwritable> {
    let entries = by_name(map(value)?).into_iter().filter(|(_, value)| !value.is_null());
    entries.map(|(key, value)| Ok((key.as_str(), scalar(key, value)?))).collect()
}

fn scalar(key: &str, value: &Value) -> Result<String, Unwritable> {
    match value {
        Value::String(text) => Ok(text.clone()),
        Value::Number(number) => Ok(number.to_string()),
        Value::Bool(value) => Ok(value.to_string()),
        _ => Err(Unwritable::NoScalar(key.to_owned())),
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
        assert_eq!(write(Format::Raw, &json!({})).unwrap_err().to_string(), "must be a string");
    }

    #[test]
    fn flat_formats_hold_no_nested_values() {
        for format in [Format::Properties, Format::Env, Format::Xml] {
            let refused = |value| write(format, &value).unwrap_err().to_string();
            assert_eq!(refused(json!({ "a": { "b": 1 } })), "`a` must be a string, a number or a boolean");
            assert_eq!(refused(json!([1])), "must be a map of names to values");
        }
    }
}
