//! Settings that can't be read, and unknown fields in the parts that the schema preserves unknown, which would be lost silently.

use serde::{Deserialize, de::DeserializeOwned};
use serde_json::{Value, json};

use super::{Invalid, NodeDefaults, NodeSpec, json::is_empty, resolve::placed};
use crate::definition::{Definition, Groups};

/// Unknown fields of all settings in `spec`, each with its path.
///
/// # Errors
/// Settings that can't be read, and unknown fields.
pub fn check(definition: &Definition, spec: &Value) -> Result<Vec<Invalid>, Vec<Invalid>> {
    let (mut unread, mut unknown) = (Vec::new(), Vec::new());
    for (path, given) in all(definition, spec) {
        match settings(given, &path) {
            Ok(found) => unknown.extend(found),
            Err(found) => unread.extend(found),
        }
    }
    if unread.is_empty() { Ok(unknown) } else { Err(unread.into_iter().chain(unknown).collect()) }
}

/// Every object in the spec that holds settings of nodes, with its path.
fn all<'a>(definition: &Definition, spec: &'a Value) -> Vec<(String, &'a Value)> {
    let defaults = definition.defaults.and_then(|name| Some((name.to_owned(), spec.get(name)?)));
    let mut found = Vec::from_iter(defaults);
    for Groups { field, .. } in [definition.config_groups, definition.app_config_groups].into_iter().flatten() {
        let groups = spec.get(field).and_then(Value::as_object).into_iter().flatten();
        found.extend(groups.map(|(key, group)| (format!("{field}.{key}"), group)));
    }
    let nodes = definition.first_of_fields().flat_map(|node_type| placed(node_type, spec));
    found.extend(nodes.map(|node| (node.path, node.given)));
    found
}

/// The unknown fields of `given`. The error: settings that can't be read.
fn settings(given: &Value, path: &str) -> Result<Vec<Invalid>, Vec<Invalid>> {
    if given.is_null() {
        return Ok(Vec::new());
    }
    let read = NodeSpec::deserialize(given).and_then(serde_json::to_value);
    let read = read.map_err(|error| unread(given, path, error.to_string()))?;
    let mut found = Vec::new();
    // Other fields are the author's own.
    let fields =
        given.as_object().into_iter().flatten().filter_map(|(name, given)| Some((name, given, read.get(name)?)));
    for (name, given, read) in fields {
        found.extend(lost(given, read).iter().map(|pointer| unknown(format!("{path}.{name}"), pointer)));
    }
    Ok(found)
}

/// Reads each field by itself, to find each mistake with its path: serde loses the path in a flattened struct.
fn unread(given: &Value, path: &str, error: String) -> Vec<Invalid> {
    fn wrong<T: DeserializeOwned>(field: &Value) -> Option<(String, String)> {
        let error = serde_path_to_error::deserialize::<_, T>(field).err()?;
        Some((error.path().to_string(), error.inner().to_string()))
    }
    let fields = given.as_object().into_iter().flatten().map(|(name, value)| json!({ name: value }));
    let found = fields.filter_map(|field| wrong::<NodeDefaults>(&field).or_else(|| wrong::<NodeSpec>(&field)));
    let found: Vec<Invalid> = found.map(|(at, message)| Invalid::new(format!("{path}.{at}"), message)).collect();
    if found.is_empty() { vec![Invalid::new(path, error)] } else { found }
}

/// Pointers of the fields that are in `given` and not in `read`.
pub fn lost(given: &Value, read: &Value) -> Vec<String> {
    fn collect(given: &Value, read: &Value, at: &str, lost: &mut Vec<String>) {
        match (given, read) {
            (Value::Object(given), Value::Object(read)) => {
                for (name, given) in given.iter().filter(|(_, given)| !is_empty(given)) {
                    let at = format!("{at}/{}", name.replace('~', "~0").replace('/', "~1"));
                    match read.get(name) {
                        Some(read) => collect(given, read, &at, lost),
                        None => lost.push(at),
                    }
                }
            }
            (Value::Array(given), Value::Array(read)) => {
                let pairs = given.iter().zip(read).enumerate();
                pairs.for_each(|(index, (given, read))| collect(given, read, &format!("{at}/{index}"), lost));
            }
            _ => {}
        }
    }
    let mut lost = Vec::new();
    collect(given, read, "", &mut lost);
    lost
}

/// That there is no field at a pointer from `path`.
pub fn unknown(mut path: String, pointer: &str) -> Invalid {
    for part in pointer.split('/').skip(1).map(|part| part.replace("~1", "/").replace("~0", "~")) {
        match part.parse::<usize>() {
            Ok(index) => path += &format!("[{index}]"),
            Err(_) if path.is_empty() => path = part,
            Err(_) => path += &format!(".{part}"),
        }
    }
    Invalid::new(
        path,
        "this version of the operator does not know it; look for a typing mistake, or run a version that does",
    )
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::definition::{Cardinality, NodeTemplate, NodeType};

    const NODE: NodeType = NodeType {
        name: "query",
        field: "query",
        cardinality: Cardinality::One,
        order: 0,
        template: NodeTemplate::EMPTY,
        place: NodeTemplate::EMPTY,
    };
    const DEFINITION: Definition = Definition { defaults: Some("defaults"), node_types: &[NODE], ..Definition::EMPTY };

    #[test]
    fn a_misspelt_field_is_found_where_the_schema_preserves_it() {
        let spec = json!({
            "defaults": { "readinessProbe": { "httpGet": { "port": 80, "pth": "/" } } },
            "query": {
                "own": { "any": 1 },
                "env": [{ "name": "A", "valueFrom": { "secretKeyRef": { "name": "a", "key": "b", "optinal": true } } }],
                "securityContext": { "seLinuxOptions": { "lvl": "a" } },
            },
        });
        let found: Vec<String> =
            check(&DEFINITION, &spec).unwrap_or_default().into_iter().map(|invalid| invalid.path).collect();
        assert_eq!(
            found,
            [
                "defaults.readinessProbe.httpGet.pth",
                "query.env[0].valueFrom.secretKeyRef.optinal",
                "query.securityContext.seLinuxOptions.lvl",
            ]
        );
    }

    #[test]
    fn what_is_written_otherwise_is_not_lost() {
        let spec = json!({ "query": {
            "resources": { "limits": { "cpu": "1000m" }, "requests": {} },
            "env": [{ "name": "A", "value": null }],
            "sidecars": [{ "name": "a", "anything": { "b": [1] } }],
            "affinity": { "anything": 1 },
            "hostAliases": [{ "ip": "10.0.0.1", "hostnames": [] }],
            "autoscaling": { "maxReplicas": 2, "behavior": { "scaleDown": {} } },
        } });
        assert_eq!(check(&DEFINITION, &spec), Ok(Vec::new()));
    }
}
