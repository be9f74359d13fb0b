//! A small spec that the schema accepts: what is required, the smallest values, the first of an enum, and a node of each node type.

use serde_json::{Map, Value, json};

use super::Subject;
use crate::{
    crd,
    definition::{Cardinality, Definition, ExternalCheck, LIST_KEY, NodeType, Tag},
    settings::{
        replica_rule,
        schema::{DATA_KEY, LABEL, RULES, SUBDOMAIN},
    },
};

/// Key of maps, and text where any text will do.
pub const TEXT: &str = "a";
/// Patterns that [`TEXT`] matches.
const MATCHED: [&str; 4] = [SUBDOMAIN.pattern, LABEL.pattern, DATA_KEY.pattern, crd::rules::PART];

/// Makes values.
pub struct Sampler {
    /// Whether the schema accepts what was made, as far as that can be told: nothing here evaluates patterns and rules of the author's.
    pub is_sure: bool,
    /// Whether fields have their defaults, as the API server fills them in.
    fills: bool,
}

impl Sampler {
    /// Sure, as long as nothing was made.
    pub fn new(fills: bool) -> Self {
        Self { is_sure: true, fills }
    }

    /// A spec. Of types that share a field of one node, it has the one `chosen`, by number.
    pub fn spec(&mut self, subject: &Subject<'_>, chosen: usize) -> Value {
        let definition = subject.author.definition;
        let rules = |schema: &Value| schema.get(RULES).and_then(Value::as_array).map_or(0, Vec::len);
        self.is_sure &= definition.validations.is_empty();
        // Those of core hold of what is made here.
        let at_spec = definition.node_types.iter().filter(|node_type| replica_rule::is_at_spec(node_type));
        let of_core =
            crd::rules::groups(subject.spec, definition).len() + at_spec.flat_map(replica_rule::rules).count();
        self.is_sure &= rules(subject.spec) == of_core;
        if let Some(example) = example(subject.spec) {
            self.is_sure = true;
            return example.clone();
        }
        let mut schema = subject.spec.clone();
        with_addresses(&mut schema, definition);
        let placed: Vec<&str> = definition.node_types.iter().map(|node_type| node_type.field).collect();
        let mut spec = self.fields(&schema, &placed);
        for groups in [definition.config_groups, definition.app_config_groups].into_iter().flatten() {
            let group = schema.pointer(&format!("/properties/{}/additionalProperties", groups.field));
            spec.insert(groups.field.to_owned(), json!({ TEXT: group.map(|group| self.of(group)) }));
        }
        for NodeType { field, .. } in definition.first_of_fields() {
            let types = definition.node_types.iter().filter(|node_type| node_type.field == *field);
            let nodes: Vec<(&NodeType, Value)> = types
                .filter_map(|node_type| {
                    let schema = crd::node(&schema, node_type)?;
                    Some((node_type, self.node(schema, node_type)))
                })
                .collect();
            spec.insert((*field).to_owned(), as_placed(nodes, chosen));
        }
        if let Some(field) = definition.image {
            let image = schema.pointer(&format!("/properties/{field}")).map(|image| self.of(image));
            spec.insert(field.to_owned(), image.unwrap_or_else(|| TEXT.into()));
        }
        spec.into()
    }

    fn node(&mut self, schema: &Value, node_type: &NodeType) -> Value {
        let mut node = self.fields(schema, &[]);
        if let Some(Tag { field, value }) = node_type.tag {
            node.insert(field.to_owned(), value.into());
        }
        node.insert("image".to_owned(), TEXT.into());
        if let Some(copies) = node_type.copies()
            && node.get(copies.field).is_none_or(|number| number == 0)
        {
            node.insert(copies.field.to_owned(), 1.into());
        }
        if node_type.cardinality == Cardinality::List {
            node.insert(LIST_KEY.to_owned(), key(node_type).into());
        }
        node.into()
    }

    /// The fields that an object must have, and their defaults, without `others`.
    fn fields(&mut self, schema: &Value, others: &[&str]) -> Map<String, Value> {
        let branches = ["oneOf", "anyOf"].map(|keyword| schema.get(keyword).and_then(|all| all.get(0)));
        let names =
            [Some(schema)].into_iter().chain(branches).flatten().filter_map(|part| part.get("required")?.as_array());
        let names = names.flatten().filter_map(Value::as_str);
        let all = schema.get("properties").and_then(Value::as_object).into_iter().flatten();
        let filled =
            all.filter(|(_, field)| self.fills && field.get("default").is_some()).map(|(name, _)| name.as_str());
        let names: Vec<&str> = names.chain(filled).filter(|name| !others.contains(name)).collect();
        names.into_iter().map(|name| (name.to_owned(), self.of(&schema["properties"][name]))).collect()
    }

    /// A value.
    pub fn of(&mut self, schema: &Value) -> Value {
        if let Some(example) = example(schema).or_else(|| schema.get("default").filter(|_| self.fills)) {
            return example.clone();
        }
        if let Some(first) = schema.pointer("/enum/0") {
            return first.clone();
        }
        let number = |keyword: &str| schema.get(keyword).cloned();
        let is_known = |pattern: &Value| pattern.as_str().is_some_and(|pattern| MATCHED.contains(&pattern));
        self.is_sure &=
            ["format", "pattern", "multipleOf", "exclusiveMinimum", "not", "allOf", RULES].iter().all(|keyword| {
                let keyword = schema.get(keyword);
                keyword.is_none_or(|value| is_known(value) || is_number_format(value))
            });
        let kind = schema.get("type").and_then(Value::as_str);
        match kind {
            Some("string") => TEXT.repeat(usize::max(1, size(schema, "minLength"))).into(),
            Some("boolean") => false.into(),
            Some("integer" | "number") => number("minimum")
                .or_else(|| number("maximum").filter(|most| most.as_f64() < Some(0.0)))
                .unwrap_or_else(|| 0.into()),
            Some("array") => {
                let count = size(schema, "minItems");
                self.is_sure &= count < 2;
                vec![self.of(&schema["items"]); count].into()
            }
            Some("object") | None if schema.get("x-kubernetes-int-or-string").is_none() => {
                let mut fields = self.fields(schema, &[]);
                if size(schema, "minProperties") > fields.len() {
                    self.is_sure &= size(schema, "minProperties") == fields.len() + 1;
                    fields.insert(TEXT.to_owned(), self.of(&schema["additionalProperties"]));
                }
                fields.into()
            }
            _ => number("minimum").unwrap_or_else(|| 1.into()),
        }
    }
}

/// The author's own.
pub fn example(schema: &Value) -> Option<&Value> {
    schema.pointer("/examples/0").or_else(|| schema.get("example"))
}

fn size(schema: &Value, keyword: &str) -> usize {
    schema.get(keyword).and_then(Value::as_u64).and_then(|size| usize::try_from(size).ok()).unwrap_or(0)
}

fn is_number_format(format: &Value) -> bool {
    ["int32", "int64", "float", "double"].iter().any(|number| format == number)
}

/// An example of an address where the schema asks for one.
fn with_addresses(spec: &mut Value, definition: &Definition) {
    for external in definition.externals.iter().filter(|external| !matches!(external.check, ExternalCheck::Function(_)))
    {
        let at: String = external.at.iter().map(|name| format!("/properties/{name}")).collect();
        let is_free = |field: &&mut Value| example(field).is_none() && field.get("pattern").is_none();
        if let Some(Value::Object(field)) = spec.pointer_mut(&at).filter(is_free) {
            field.insert("example".to_owned(), "a:1".into());
        }
    }
}

/// Key of the sample's node of this type: another one for each, where only that may tell its objects from others'.
pub fn key(node_type: &NodeType) -> &'static str {
    if node_type.tag.is_none() && node_type.object_name().is_none() {
        return TEXT;
    }
    let key = node_type.name.get(..crd::rules::LONGEST_KEY as usize).unwrap_or(node_type.name);
    key.trim_end_matches('-')
}

/// The nodes of a field.
fn as_placed(nodes: Vec<(&NodeType, Value)>, chosen: usize) -> Value {
    match nodes.first().map(|(node_type, _)| node_type.cardinality) {
        Some(Cardinality::List) => nodes.into_iter().map(|(_, node)| node).collect(),
        Some(Cardinality::Many) => nodes.into_iter().map(|(node_type, node)| (key(node_type), node)).collect(),
        _ => {
            let last = nodes.len().saturating_sub(1);
            nodes.into_iter().nth(chosen.min(last)).map_or(Value::Null, |(_, node)| node)
        }
    }
}
