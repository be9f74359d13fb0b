//! Configuration files: their values, how they are written, and the hash over all that a pod reads.

use std::collections::BTreeMap;

use serde_json::{Value, json};

use super::{Content, Reference, names::Names};
use crate::{
    definition::{ConfigFile, Format, Reload},
    hash::Digest,
    node::{Effective, Invalid},
};

/// A configuration file with its content.
#[derive(Clone, Debug)]
pub struct File {
    /// Name of the file.
    pub name: &'static str,
    /// Folder in the container.
    pub mount: &'static str,
    /// What stands in it.
    pub content: String,
    /// Name of its ConfigMap.
    pub config_map: String,
    /// What a change does to running pods.
    pub reload: Reload,
    /// Whether the node has it for itself; else every node that reads it has the same.
    pub of_node: bool,
}

/// Largest content of a ConfigMap, in bytes; source: the API server's validation of ConfigMaps.
const LARGEST: usize = 1024 * 1024;

/// The files that `node` reads: the cluster's and its own. A field that isn't there has no file.
pub fn read(
    names: &Names<'_>,
    spec: &Value,
    _nodes: &[Effective],
    node: &Effective,
) -> Result<Vec<File>, Vec<Invalid>> {
    let mut files = Vec::new();
    let mut errors = Vec::new();
    let own = node.node_type.configs();
    let common = names.definition.configs.iter().map(|config| (config, spec, None));
    for (config, holder, owner) in common.chain(own.iter().map(|config| (config, &node.own, Some(node)))) {
        let mut wrong = |message: String| {
            let path = owner.map_or_else(|| config.field.to_owned(), |node| format!("{}.{}", node.path, config.field));
            errors.push(Invalid::new(path, message));
        };
        match content(config, holder) {
            Ok(Some(content)) if content.len() <= LARGEST => {
                let owner = owner.map(|node| node.name.as_str());
                let hash = Digest::of(&json!([owner, config.mount, config.file, content]));
                files.push(File {
                    name: config.file,
                    mount: config.mount,
                    config_map: names.config_map(owner, config.file, &hash),
                    content,
                    reload: config.reload,
                    of_node: owner.is_some(),
                });
            }
            Ok(None) => {}
            Ok(Some(content)) => {
                let size = content.len() / 1024;
                wrong(format!("{} would be {size} KiB; a ConfigMap holds at most 1024", config.file));
            }
            Err(message) => wrong(message),
        }
    }
    if errors.is_empty() { Ok(files) } else { Err(errors) }
}

/// Hash over all files that roll a node's pods, and over the contents of what else the pods refer to.
pub fn hash(files: &[File], read: &BTreeMap<Reference, Content>) -> String {
    let rolling = files.iter().filter(|file| file.reload == Reload::Pods);
    let mut parts: Vec<Value> = rolling.map(|file| json!([file.mount, file.name, file.content])).collect();
    parts.extend(read.iter().filter_map(|(reference, content)| match content {
        Content::Present(digest) => Some(json!([reference.to_string(), digest.to_string()])),
        Content::Missing | Content::Unknown => None,
    }));
    Digest::of(&Value::from(parts)).short()
}

fn content(config: &ConfigFile, holder: &Value) -> Result<Option<String>, String> {
    let value = match config.with {
        Some(with) => with(holder)?,
        None => holder.get(config.field).cloned().unwrap_or(Value::Null),
    };
    if value.is_null() { Ok(None) } else { write(config.format, &value).map(Some) }
}

fn write(format: Format, value: &Value) -> Result<String, String> {
    match format {
        Format::Raw => value.as_str().map(str::to_owned).ok_or_else(|| "must be a string".to_owned()),
        Format::Properties => lines(value, |key, value| format!("{}={}\n", escape(key, true), escape(value, false))),
        Format::Env => lines(value, |key, value| format!("{key}=\"{}\"\n", quote(value))),
        Format::Json => {
            serde_json::to_string_pretty(&sorted(value)).map(|text| text + "\n").map_err(|error| error.to_string())
        }
        Format::Toml | Format::Ini | Format::Xml => Err("this format can't be written yet".to_owned()),
        Format::Yaml => serde_saphyr::to_string(&sorted(value)).map_err(|error| error.to_string()),
    }
}

/// Maps sorted by key, so that the content doesn't depend on how they came.
fn sorted(value: &Value) -> Value {
    match value {
        Value::Object(map) => {
            let mut entries: Vec<_> = map.iter().collect();
            entries.sort_by_key(|(key, _)| key.as_str());
            entries.into_iter().map(|(key, value)| (key.clone(), sorted(value))).collect()
        }
        Value::Array(items) => items.iter().map(sorted).collect(),
        value => value.clone(),
    }
}

fn lines(value: &Value, line: impl Fn(&str, &str) -> String) -> Result<String, String> {
    let map = value.as_object().ok_or_else(|| "must be a map of names to values".to_owned())?;
    let mut entries: Vec<_> = map.iter().collect();
    entries.sort_by_key(|(key, _)| key.as_str());
    entries
        .into_iter()
        .filter(|(_, value)| !value.is_null())
        .map(|(key, value)| Ok(line(key, &scalar(key, value)?)))
        .collect()
}

fn scalar(key: &str, value: &Value) -> Result<String, String> {
    match value {
        Value::String(text) => Ok(text.clone()),
        Value::Number(number) => Ok(number.to_string()),
        Value::Bool(value) => Ok(value.to_string()),
        _ => Err(format!("`{key}` must be a string, a number or a boolean")),
    }
}

/// Source: java.util.Properties, `load`.
fn escape(text: &str, key: bool) -> String {
    let mut escaped = String::with_capacity(text.len());
    for (index, c) in text.chars().enumerate() {
        match c {
            '\\' => escaped.push_str("\\\\"),
            '\n' => escaped.push_str("\\n"),
            '\r' => escaped.push_str("\\r"),
            '\t' => escaped.push_str("\\t"),
            ' ' if key || index == 0 => escaped.push_str("\\ "),
            '=' | ':' if key => escaped.extend(['\\', c]),
            '#' | '!' if key && index == 0 => escaped.extend(['\\', c]),
            c => escaped.push(c),
        }
    }
    escaped
}

/// What a shell takes for itself within double quotes.
fn quote(text: &str) -> String {
    let mut quoted = String::with_capacity(text.len());
    for c in text.chars() {
        if matches!(c, '"' | '\\' | '$' | '`') {
            quoted.push('\\');
        }
        quoted.push(c);
    }
    quoted
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_format_is_written_sorted_and_escaped() {
        let value = json!({"b.c": "x=1", "a key": " lead\nline", "n": 3});
        assert_eq!(write(Format::Properties, &value).unwrap(), "a\\ key=\\ lead\\nline\nb.c=x=1\nn=3\n");
        assert_eq!(
            write(Format::Env, &json!({"B": "say \"$x\"", "A": true})).unwrap(),
            "A=\"true\"\nB=\"say \\\"\\$x\\\"\"\n"
        );
        assert_eq!(write(Format::Json, &json!({"b": 1, "a": []})).unwrap(), "{\n  \"a\": [],\n  \"b\": 1\n}\n");
        assert_eq!(write(Format::Yaml, &json!({"b": 1, "a": ["x"]})).unwrap().trim_end(), "a:\n- x\nb: 1");
        assert_eq!(write(Format::Raw, &json!("as it is")).unwrap(), "as it is");
    }

    #[test]
    fn a_nested_value_is_no_property() {
        assert_eq!(
            write(Format::Properties, &json!({"a": {"b": 1}})).unwrap_err(),
            "`a` must be a string, a number or a boolean"
        );
    }
}
