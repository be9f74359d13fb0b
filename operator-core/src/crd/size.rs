//! Keeps the definition small enough for `kubectl apply`, which stores it in an annotation once more.
//!
//! A schema knows no references, so each node type has a copy of every setting. Where there are so many node types that the
//! whole would be too large, Kubernetes' own types ([`KUBERNETES`]) are written out less fully, from the last node type on:
//! first without descriptions, then preserved unknown, as they are in what nodes share.

use std::collections::HashSet;

use serde_json::{Map, Value};

use super::{
    nodes::{KUBERNETES, node},
    properties, property,
};
use crate::{definition::Definition, settings::kubernetes};

/// Largest definition, as compact JSON. An object's annotations may have 256 KiB.
const LARGEST: usize = 250 * 1024;

/// Makes `spec` so small that with `rest` bytes around it the definition isn't too large, if it can be.
pub fn bound(spec: &mut Value, rest: usize, definition: &Definition) {
    let mut seen = HashSet::new();
    let mut fields: Vec<_> = definition.node_types.iter().filter(|node_type| seen.insert(node_type.field)).collect();
    fields.reverse();
    let mut size = spec.to_string().len() + rest;
    for step in [undescribed, preserved] {
        for node_type in &fields {
            if size <= LARGEST {
                return;
            }
            let field = property(spec, node_type.field).and_then(|field| node(field, node_type.cardinality));
            for (name, setting) in field.and_then(properties).into_iter().flatten() {
                if let Some(setting) = setting.as_object_mut().filter(|_| KUBERNETES.contains(&name.as_str())) {
                    step(setting);
                }
            }
            size = spec.to_string().len() + rest;
        }
    }
}

fn undescribed(setting: &mut Map<String, Value>) {
    for (key, value) in setting.iter_mut().filter(|(key, _)| *key == "items" || *key == "properties") {
        without_descriptions(value, key == "properties");
    }
}

/// A key is a field's name among `fields`, else one of the schema's.
fn without_descriptions(schema: &mut Value, fields: bool) {
    let Some(map) = schema.as_object_mut() else { return };
    if !fields {
        map.remove("description");
    }
    for (key, value) in map {
        without_descriptions(value, !fields && key == "properties");
    }
}

fn preserved(setting: &mut Map<String, Value>) {
    kubernetes::preserve(setting);
}
