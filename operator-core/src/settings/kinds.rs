//! Nodes of several types in one field: what each says of itself, and the schema of all.

use std::borrow::Cow;

use schemars::{JsonSchema, Schema, SchemaGenerator};
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value, json};

use super::{
    FIELDS,
    schema::{PRESERVED, RULES, cel, cel_name},
};
use crate::definition::{LIST_KEY, NamedNode, NodeKinds};

/// Keyword, for `check`: by type, its schema. Kubernetes never sees it.
pub const OF_TYPES: &str = "x-of-types";

/// A node with a name, which is part of object names: an item of a list of nodes.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Named<T> {
    /// Name of the node: at most 30 lower-case letters, digits and `-`.
    pub name: String,
    /// The node.
    #[serde(flatten)]
    pub node: T,
}

impl<T> NamedNode for Named<T> {
    type Node = T;
}

impl<T: JsonSchema> JsonSchema for Named<T> {
    fn inline_schema() -> bool {
        true
    }

    fn schema_name() -> Cow<'static, str> {
        format!("Named_{}", T::schema_name()).into()
    }

    fn json_schema(generator: &mut SchemaGenerator) -> Schema {
        let mut schema = generator.subschema_for::<T>();
        let name = json!({ "type": "string", "description": "Name of the node, which is part of object names." });
        add(schema.ensure_object(), LIST_KEY, name);
        schema
    }
}

/// Adds a required field.
fn add(schema: &mut Map<String, Value>, name: &str, field: Value) {
    if let Value::Object(fields) = schema.entry("properties").or_insert_with(|| json!({})) {
        fields.insert(name.to_owned(), field);
    }
    if let Value::Array(required) = schema.entry("required").or_insert_with(|| json!([])) {
        required.push(name.into());
    }
}

/// A node of one of several types: the fields of all, and rules on which of them a type has. A field that two types have with different schemas
/// is left to the operator.
pub fn schema<T: NodeKinds>(generator: &mut SchemaGenerator, types: &mut [Schema]) -> Schema {
    for schema in types.iter_mut() {
        generator.transforms_mut().for_each(|transform| transform.transform(schema));
    }
    let types: Vec<(&str, &Map<String, Value>)> = std::iter::zip(T::VARIANTS, types)
        .filter_map(|(variant, schema)| Some((variant.value, schema.as_object()?)))
        .collect();
    let mut fields: Map<String, Value> = Map::new();
    for (_, schema) in &types {
        for (name, field) in properties(schema) {
            match fields.get_mut(name) {
                None => _ = fields.insert(name.clone(), field.clone()),
                Some(other) if is_alike(other, field) => {
                    if let (Some(other), Some(nullable)) = (other.as_object_mut(), field.get("nullable")) {
                        other.insert("nullable".to_owned(), nullable.clone());
                    }
                }
                Some(other) => *other = json!({ "description": other.get("description"), PRESERVED: true }),
            }
        }
    }
    let of_types: Map<String, Value> =
        types.iter().map(|(value, schema)| ((*value).to_owned(), Value::Object((*schema).clone()))).collect();
    let typed = fields.iter().filter(|(_, field)| is_typed(field));
    let mut rules: Vec<Value> = typed.flat_map(|(name, _)| rules(T::TAG, &types, name)).collect();
    for (value, schema) in &types {
        let own = schema.get(RULES).and_then(Value::as_array).into_iter().flatten();
        rules.extend(own.map(|rule| only_for(T::TAG, value, rule)));
    }
    let mut schema = json!({ "type": "object", "properties": fields, RULES: rules, OF_TYPES: of_types });
    if let Some(schema) = schema.as_object_mut() {
        if rules.is_empty() {
            schema.remove(RULES);
        }
        if types.iter().any(|(_, schema)| schema.get(PRESERVED).is_some()) {
            schema.insert(PRESERVED.to_owned(), true.into());
        }
    }
    let values: Vec<&str> = types.iter().map(|(value, _)| *value).collect();
    let docs = T::VARIANTS.iter().map(|variant| match variant.doc {
        "" => variant.value.to_owned(),
        doc => format!("{}: {}", variant.value, doc.trim_end_matches('.')),
    });
    let description = format!("Node type. {}.", docs.collect::<Vec<_>>().join("; "));
    let tag = json!({ "type": "string", "description": description, "enum": values });
    let mut schema = Schema::try_from(schema).unwrap_or_default();
    add(schema.ensure_object(), T::TAG, tag);
    schema
}

fn properties(schema: &Map<String, Value>) -> impl Iterator<Item = (&String, &Value)> {
    schema.get("properties").and_then(Value::as_object).into_iter().flatten()
}

fn is_required(schema: &Map<String, Value>, name: &str) -> bool {
    schema.get("required").and_then(Value::as_array).is_some_and(|all| all.iter().any(|one| one == name))
}

/// Whether they accept the same, but for `null`. Defaults don't count: no node has one in the schema.
fn is_alike(one: &Value, other: &Value) -> bool {
    fn bare(schema: &Value) -> Value {
        match schema {
            Value::Object(fields) => {
                let counts = |name: &str| !["description", "default", "nullable"].contains(&name);
                let fields = fields.iter().filter(|(name, value)| counts(name) || value.is_object());
                fields.map(|(name, value)| (name.clone(), bare(value))).collect()
            }
            other => other.clone(),
        }
    }
    bare(one) == bare(other)
}

/// Whether a CEL rule can name it. Source: the API server's `SchemaDeclType`.
fn is_typed(schema: &Value) -> bool {
    let below = |keyword: &str| schema.get(keyword).filter(|below| below.is_object());
    match schema.get("type").and_then(Value::as_str) {
        Some("array") => below("items").is_some_and(is_typed),
        Some("object") => below("additionalProperties").is_none_or(is_typed),
        Some(_) => true,
        None => schema.get("x-kubernetes-int-or-string").is_some(),
    }
}

/// A rule on a field that only nodes of some types have.
pub fn only_some(tag: &str, name: &str, values: &[&str]) -> Value {
    let rule = format!("!has(self.{}) || self.{} in ['{}']", cel_name(name), cel_name(tag), values.join("', '"));
    cel(&rule, &format!("{name} is for nodes of type {} only: leave it out here", values.join(", ")))
}

/// A rule of one type.
fn only_for(tag: &str, value: &str, rule: &Value) -> Value {
    let mut rule = rule.clone();
    if let Some(Value::String(text)) = rule.get_mut("rule") {
        *text = format!("self.{} != '{value}' || ({text})", cel_name(tag));
    }
    rule
}

/// Which types have a field, and which must.
fn rules(tag: &str, types: &[(&str, &Map<String, Value>)], name: &str) -> Vec<Value> {
    // What all nodes have, a definition's node types are asked about.
    if FIELDS.contains(&name) {
        return Vec::new();
    }
    let those = |is: &dyn Fn(&Map<String, Value>) -> bool| -> Vec<&str> {
        types.iter().filter(|(_, schema)| is(schema)).map(|(value, _)| *value).collect()
    };
    let have = those(&|schema| properties(schema).any(|(own, _)| own == name));
    let must = those(&|schema| is_required(schema, name));
    let mut rules = Vec::new();
    if have.len() < types.len() {
        rules.push(only_some(tag, name, &have));
    }
    if !must.is_empty() {
        let (field, tag) = (cel_name(name), cel_name(tag));
        let rule = format!("has(self.{field}) || !(self.{tag} in ['{}'])", must.join("', '"));
        rules.push(cel(&rule, &format!("{name} is missing: nodes of type {} have it", must.join(", "))));
    }
    rules
}
