//! Paths in a schema.

use std::borrow::Cow;

use serde_json::Value;
use similar::get_close_matches;

use crate::settings::schema::{PRESERVED, cel_name};

/// The schema of what may be anything.
static ANY: Value = Value::Null;
/// How alike a name is that may have been meant: 0 to 1.
const ALIKE: f32 = 0.7;

/// A step of a path.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Step<'a> {
    /// To a field or to the value of a key.
    Name(Cow<'a, str>),
    /// To an item of a list, or a value of a map.
    Item,
}

/// A step leads to no field.
#[derive(Debug, thiserror::Error)]
#[error("{} {}", place(.at), advice(.name, .of_type, .fields))]
pub struct NoField {
    /// The path of what lacks it; empty for the object itself.
    at: String,
    /// The name of the field.
    name: String,
    /// The type of what lacks it.
    of_type: String,
    /// The fields that are there.
    fields: Vec<String>,
}

fn place(at: &str) -> String {
    if at.is_empty() { "the object".to_owned() } else { format!("`{at}`") }
}

fn advice(name: &str, of_type: &str, fields: &[String]) -> String {
    if fields.is_empty() {
        return format!("is of type {of_type}, and has no field `{name}`");
    }
    let names: Vec<&str> = fields.iter().map(String::as_str).collect();
    let meant = get_close_matches(name, &names, 1, ALIKE);
    let advice = meant.first().map(|meant| format!("did you mean `{meant}`?"));
    format!("has no field `{name}`; {}", advice.unwrap_or_else(|| format!("it has: {}", fields.join(", "))))
}

/// The steps of a path as `kubectl` has it: `.spec.tier`, `.status.nodes[0]`, `.metadata.labels['a']`; none where it can't be told.
pub fn steps(path: &str) -> Option<Vec<Step<'_>>> {
    let mut steps = Vec::new();
    let mut rest = path;
    while !rest.is_empty() {
        if let Some(after) = rest.strip_prefix('[') {
            let (inside, after) = after.split_once(']')?;
            steps.push(in_brackets(inside));
            rest = after;
            continue;
        }
        rest = rest.strip_prefix('.')?;
        let mut letters = rest.char_indices();
        let end = letters.find(|(at, c)| *c == '[' || (*c == '.' && !rest[..*at].ends_with('\\')));
        let end = end.map_or(rest.len(), |(at, _)| at);
        let (name, after) = rest.split_at(end);
        match name {
            "" => return None,
            "*" => steps.push(Step::Item),
            name => steps.push(Step::Name(name.replace("\\.", ".").into())),
        }
        rest = after;
    }
    Some(steps)
}

/// `'a'` or `"a"` is a name, anything else means items.
pub fn in_brackets(inside: &str) -> Step<'_> {
    let quoted = |quote| inside.trim().strip_prefix(quote)?.strip_suffix(quote);
    quoted('\'').or_else(|| quoted('"')).map_or(Step::Item, |name| Step::Name(name.into()))
}

/// The schema at a path from that of `start`.
pub fn follow<'a>(mut schema: &'a Value, start: &str, steps: &[Step<'_>]) -> Result<&'a Value, NoField> {
    let mut place = start.to_owned();
    for step in steps {
        let values = schema.get("additionalProperties").filter(|values| values.is_object());
        (schema, place) = match step {
            Step::Item => {
                let item = schema.get("items").or(values).unwrap_or(&ANY);
                (item, format!("{place}[]"))
            }
            Step::Name(name) => {
                let at = field(schema, name).or(values).or_else(|| is_open(schema).then_some(&ANY));
                (at.ok_or_else(|| NoField::new(schema, &place, name))?, format!("{place}.{name}"))
            }
        };
    }
    Ok(schema)
}

/// A field by its name; CEL writes some in another way.
fn field<'a>(schema: &'a Value, name: &str) -> Option<&'a Value> {
    let mut fields = schema.get("properties")?.as_object()?.iter();
    fields.find(|(field, _)| *field == name || cel_name(field) == name).map(|(_, schema)| schema)
}

/// Whether there may be fields that the schema doesn't name.
fn is_open(schema: &Value) -> bool {
    let all = |keyword: &str| schema.get(keyword) == Some(&Value::Bool(true));
    !schema.is_object() || all(PRESERVED) || all("additionalProperties")
}

impl NoField {
    fn new(schema: &Value, at: &str, name: &str) -> Self {
        let fields = schema.get("properties").and_then(Value::as_object).into_iter().flatten();
        Self {
            at: at.to_owned(),
            name: name.to_owned(),
            of_type: type_of(schema).unwrap_or("value").to_owned(),
            fields: fields.map(|(name, _)| name.clone()).collect(),
        }
    }
}

/// The type of values; none where it can't be told or there are several.
pub fn type_of(schema: &Value) -> Option<&str> {
    schema.get("type")?.as_str()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_path_is_read_as_kubectl_reads_it() {
        let name = |name: &'static str| Step::Name(name.into());
        for (path, expected) in [
            (".spec.tier", vec![name("spec"), name("tier")]),
            (".status.nodes[0].é", vec![name("status"), name("nodes"), Step::Item, name("é")]),
            (".c[?(@.type==\"Ready\")].reason", vec![name("c"), Step::Item, name("reason")]),
            (".labels['a.b'][\"c\"].*", vec![name("labels"), name("a.b"), name("c"), Step::Item]),
            (r".a\.b.c", vec![name("a.b"), name("c")]),
        ] {
            assert_eq!(steps(path), Some(expected), "{path}");
        }
        for path in ["spec", ".a..b", ".a[0", "."] {
            assert_eq!(steps(path), None, "{path}");
        }
    }
}
