//! The spec, kept as a ControllerRevision once all that comes of it was accepted: while a newer one is invalid, it is what is kept up.

use serde_json::{Value, json};

use super::names::Names;
use crate::{
    model::{Object, kind::REVISION},
    settings::json::drop_null,
};

/// Longest spec that is kept, in bytes of JSON: an object that etcd has no room for would keep the cluster from being ready.
const LONGEST: usize = 1 << 20;

/// None where the spec is too large. Which `revision` it is, the plan says.
pub fn build(names: &Names<'_>, spec: &Value) -> Option<Object> {
    let mut data = spec.clone();
    drop_null(&mut data);
    let is_small = data.to_string().len() <= LONGEST;
    is_small.then(|| Object::new(&REVISION, names.revision(&data), None, json!({ "data": data })))
}
