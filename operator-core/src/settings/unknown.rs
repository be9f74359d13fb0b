//! Settings that can't be read, and fields that a type doesn't know, which would be lost silently.

use serde::{Deserialize, de::DeserializeOwned};
use serde_json::{Value, json};

use super::{Invalid, NodeDefaults, NodeSpec, resolve::placed};
use crate::definition::{Definition, Groups};

/// What is said of a field that nothing reads.
pub const UNKNOWN: &str =
    "this version of the operator does not know it; look for a typing mistake, or run a version that does";

/// The mistakes for which settings in `spec` can't be read, each with its path.
pub fn unread(definition: &Definition, spec: &Value) -> Vec<Invalid> {
    let given = all(definition, spec).into_iter().filter(|(_, given)| !given.is_null());
    given.flat_map(|(path, given)| mistakes(given, &path)).collect()
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

/// Reads each field by itself, to find each mistake with its path: serde loses the path in a flattened struct.
fn mistakes(given: &Value, path: &str) -> Vec<Invalid> {
    fn wrong<T: DeserializeOwned>(field: &Value) -> Option<(String, String)> {
        let error = serde_path_to_error::deserialize::<_, T>(field).err()?;
        Some((error.path().to_string(), error.inner().to_string()))
    }
    let Err(error) = NodeSpec::deserialize(given) else { return Vec::new() };
    let fields = given.as_object().into_iter().flatten().map(|(name, value)| json!({ name: value }));
    let found = fields.filter_map(|field| wrong::<NodeDefaults>(&field).or_else(|| wrong::<NodeSpec>(&field)));
    let found: Vec<Invalid> = found.map(|(at, message)| Invalid::new(format!("{path}.{at}"), message)).collect();
    if found.is_empty() { vec![Invalid::new(path, error.to_string())] } else { found }
}

/// How many bytes are read at most, by reading JSON again and again, to find out which of its fields nothing reads: a fraction of a second.
const BYTES: usize = 8 << 20;

/// Pointers of the fields that nothing reads: `written` is what is written where `given` was read, as `again` does. `None`: it would take too
/// long to find out.
pub fn ignored(given: &Value, written: &Value, again: impl Fn(&Value) -> Option<Value>) -> Option<Vec<String>> {
    let lost = lost(given, written);
    if lost.is_empty() {
        return Some(lost);
    }
    let mut tries = BYTES / given.to_string().len();
    ignored_of(&lost, &mut tries, &|others: &[String]| {
        let mut other = given.clone();
        for pointer in others {
            if let Some(value) = other.pointer_mut(pointer) {
                *value = json!([[null]]);
            }
        }
        again(&other).is_some_and(|other| other == *written)
    })
}

/// Those of the `lost` pointers that nothing reads. A field may also be missing because its type doesn't write its default. Then it is read,
/// and is a mistake with another content. Half of them are tried at a time, in so many `tries` at most; `None`: that isn't enough.
fn ignored_of(lost: &[String], tries: &mut usize, is_read_alike: &impl Fn(&[String]) -> bool) -> Option<Vec<String>> {
    if lost.is_empty() {
        return Some(Vec::new());
    }
    *tries = tries.checked_sub(1)?;
    if is_read_alike(lost) {
        return Some(lost.to_vec());
    }
    let (some, others) = lost.split_at(lost.len() / 2);
    if some.is_empty() {
        return Some(Vec::new());
    }
    Some([ignored_of(some, tries, is_read_alike)?, ignored_of(others, tries, is_read_alike)?].concat())
}

/// Pointers of the fields that are in `given` and not in `read`.
fn lost(given: &Value, read: &Value) -> Vec<String> {
    fn collect(given: &Value, read: &Value, at: &str, lost: &mut Vec<String>) {
        match (given, read) {
            (Value::Object(given), Value::Object(read)) => {
                for (name, given) in given.iter().filter(|(_, given)| !given.is_null()) {
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

/// A path, and a pointer from there.
pub fn below(mut path: String, pointer: &str) -> String {
    for part in pointer.split('/').skip(1).map(|part| part.replace("~1", "/").replace("~0", "~")) {
        match part.parse::<usize>() {
            Ok(index) => path += &format!("[{index}]"),
            Err(_) if path.is_empty() => path = part,
            Err(_) => path += &format!(".{part}"),
        }
    }
    path
}
