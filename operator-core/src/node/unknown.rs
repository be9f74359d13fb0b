//! Fields that Kubernetes' own types don't have, in parts that the schema preserves unknown: reading them would lose them silently.

use std::collections::HashSet;

use serde::Deserialize;
use serde_json::Value;

use super::{Invalid, NodeSpec};
use crate::definition::{Cardinality, Definition, LIST_KEY};

/// Of all settings in `spec`, each with its place.
pub fn unknown(definition: &Definition, spec: &Value) -> Vec<Invalid> {
    let mut found = Vec::new();
    let field = |name: &str| spec.get(name).unwrap_or(&Value::Null);
    if let Some(name) = definition.defaults {
        settings(field(name), name, &mut found);
    }
    if let Some(groups) = definition.config_groups {
        for (name, group) in field(groups.field).as_object().into_iter().flatten() {
            settings(group, &format!("{}.{name}", groups.field), &mut found);
        }
    }
    // Node types may share a field.
    let mut seen = HashSet::new();
    for node_type in definition.node_types.iter().filter(|node_type| seen.insert(node_type.field)) {
        let (name, nodes) = (node_type.field, field(node_type.field));
        match node_type.cardinality {
            Cardinality::One | Cardinality::Optional => settings(nodes, name, &mut found),
            Cardinality::Many => {
                for (key, node) in nodes.as_object().into_iter().flatten() {
                    settings(node, &format!("{name}.{key}"), &mut found);
                }
            }
            Cardinality::List => {
                for node in nodes.as_array().into_iter().flatten() {
                    let key = node.get(LIST_KEY).and_then(Value::as_str).unwrap_or_default();
                    settings(node, &format!("{name}[{key}]"), &mut found);
                }
            }
        }
    }
    found
}

fn settings(given: &Value, path: &str, found: &mut Vec<Invalid>) {
    // What can't be read at all is reported where it is read.
    let Some(read) = NodeSpec::deserialize(given).ok().and_then(|read| serde_json::to_value(read).ok()) else { return };
    for (name, given) in given.as_object().into_iter().flatten() {
        // Other fields are the author's own.
        if let Some(read) = read.get(name) {
            lost(given, read, &format!("{path}.{name}"), found);
        }
    }
}

/// What is in `given` and not in `read`.
fn lost(given: &Value, read: &Value, path: &str, found: &mut Vec<Invalid>) {
    match (given, read) {
        (Value::Object(given), Value::Object(read)) => {
            for (name, given) in given.iter().filter(|(_, given)| !is_empty(given)) {
                let path = format!("{path}.{name}");
                match read.get(name) {
                    Some(read) => lost(given, read, &path, found),
                    None => found.push(Invalid::new(path, "there is no such field; look for a typing mistake")),
                }
            }
        }
        (Value::Array(given), Value::Array(read)) => {
            for (index, (given, read)) in given.iter().zip(read).enumerate() {
                lost(given, read, &format!("{path}[{index}]"), found);
            }
        }
        _ => {}
    }
}

/// Nothing is lost with it.
fn is_empty(value: &Value) -> bool {
    match value {
        Value::Null => true,
        Value::Array(items) => items.is_empty(),
        Value::Object(fields) => fields.is_empty(),
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::definition::{NodeTemplate, NodeType};
    use serde_json::json;

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
        let found: Vec<String> = unknown(&DEFINITION, &spec).into_iter().map(|invalid| invalid.path).collect();
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
        assert_eq!(unknown(&DEFINITION, &spec), []);
    }
}
