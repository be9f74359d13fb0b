//! The parts of an object that a request can set, and what counts as a change.

use serde_json::Value;

use crate::{
    call::Target,
    fields::{Entries, FieldSet},
    json::{items_mut, put},
    kind::Kind,
};

/// The fields that a request to this target can't set.
pub fn reset_fields(target: &Target) -> FieldSet {
    match target.subresource.as_str() {
        "status" if !target.kind.is_built_in() => FieldSet::of_fields(&["metadata", "spec"]),
        "status" => FieldSet::of_fields(&["spec"]),
        _ if target.kind.status => FieldSet::of_fields(&["status"]),
        _ => FieldSet::default(),
    }
}

/// Takes the parts that a request can't set from the stored object.
pub fn only_own_part(target: &Target, live: &Value, mut new: Value) -> Value {
    let keep = |to: &mut Value, from: &Value, part: &str| {
        put(to, part, from.pointer(part).cloned().unwrap_or_default());
    };
    match target.subresource.as_str() {
        "status" => {
            let mut object = live.clone();
            for part in ["/status", "/metadata/resourceVersion"] {
                keep(&mut object, &new, part);
            }
            object
        }
        _ => {
            if target.kind.status {
                keep(&mut new, live, "/status");
            }
            new
        }
    }
}

/// The object without `managedFields`.
pub fn without_entries(object: &Value) -> Value {
    let mut object = object.clone();
    put(&mut object, "/metadata/managedFields", Value::Null);
    object
}

/// Writes `managedFields`.
pub fn put_entries(object: &mut Value, entries: &Entries) {
    let entries = if entries.is_empty() { Value::Null } else { entries.to_json() };
    put(object, "/metadata/managedFields", entries);
}

/// A write that changes nothing but the times of entries isn't one; but it is one if their order changes, which is by time.
pub fn without_times(object: &Value) -> Value {
    let mut object = object.clone();
    for entry in items_mut(&mut object, "/metadata/managedFields") {
        put(entry, "/time", Value::Null);
    }
    object
}

/// Whether a change counts for `metadata.generation`.
pub fn spec_changed(kind: &Kind, live: &Value, new: &Value) -> bool {
    let changed = |pointer: &str| live.pointer(pointer) != new.pointer(pointer);
    if kind.is_built_in() {
        // The annotations of a Deployment are copied to its ReplicaSets.
        return changed("/spec") || (kind.kind == "Deployment" && changed("/metadata/annotations"));
    }
    let rest = |object: &Value| {
        let mut object = object.clone();
        put(&mut object, "/metadata", Value::Null);
        if kind.status {
            put(&mut object, "/status", Value::Null);
        }
        object
    };
    rest(live) != rest(new)
}
