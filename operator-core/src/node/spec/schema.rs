//! Schemas of the parts that are Kubernetes' own.

use schemars::{Schema, SchemaGenerator, json_schema};

/// An object that the API server judges where it is used.
pub fn preserved(_: &mut SchemaGenerator) -> Schema {
    json_schema!({ "type": "object", "x-kubernetes-preserve-unknown-fields": true })
}

/// A list of such objects.
pub fn list_of_preserved(_: &mut SchemaGenerator) -> Schema {
    json_schema!({
        "type": "array",
        "maxItems": 50,
        "items": { "type": "object", "x-kubernetes-preserve-unknown-fields": true },
    })
}

/// A list of such objects, of which each has a name.
pub fn named_list_of_preserved(_: &mut SchemaGenerator) -> Schema {
    json_schema!({
        "type": "array",
        "maxItems": 50,
        "x-kubernetes-list-type": "map",
        "x-kubernetes-list-map-keys": ["name"],
        "items": {
            "type": "object",
            "required": ["name"],
            "properties": { "name": { "type": "string", "minLength": 1, "maxLength": 63 } },
            "x-kubernetes-preserve-unknown-fields": true,
        },
    })
}

/// Values of configuration files, by file name.
pub fn config_overrides(_: &mut SchemaGenerator) -> Schema {
    json_schema!({
        "type": "object",
        "maxProperties": 50,
        "additionalProperties": { "x-kubernetes-preserve-unknown-fields": true },
    })
}
