//! CEL rules, and how they are put into a schema.
//!
//! The API server bounds what a rule can cost: every map and list above one has a largest size, every string in one a
//! largest length.

use serde_json::{Value, json};

use crate::{
    definition::{Cardinality, Definition, Groups, NodeType},
    settings::schema::{RULES, cel, cel_name as name},
};

/// Most nodes of a node type, and groups.
pub const MOST: u32 = 64;
/// Longest key of a node or group.
pub const LONGEST_KEY: u32 = 30;
/// Pattern of object names; source: RFC 1035 labels, for the sake of Services.
const LABEL: &str = "^[a-z]([-a-z0-9]*[a-z0-9])?$";
/// The same within a name.
pub const PART: &str = "^[a-z0-9]([-a-z0-9]*[a-z0-9])?$";

/// Adds rules to those of the schema.
pub fn add(schema: &mut Value, rules: impl IntoIterator<Item = Value>) {
    let mut rules = rules.into_iter().peekable();
    if let (Some(schema), Some(_)) = (schema.as_object_mut(), rules.peek())
        && let Value::Array(all) = schema.entry(RULES).or_insert_with(|| json!([]))
    {
        all.extend(rules);
    }
}

/// The rule of a kind's root about its name.
pub fn cluster_name() -> Value {
    cel(
        &format!("self.metadata.name.size() <= 63 && self.metadata.name.matches('{LABEL}')"),
        "metadata.name must be at most 63 lower-case letters, digits and '-', and start with a letter: Services are named after it",
    )
}

/// The rule of a map whose keys are names.
pub fn named_map(map: &mut Value, what: &str, why: &str) {
    super::put(map, "maxProperties", MOST);
    let keys = format!("self.all(key, key.size() <= {LONGEST_KEY} && key.matches('{PART}'))");
    let message = format!(
        "the name of {what} is at most {LONGEST_KEY} lower-case letters, digits and '-', no '-' at an end{why}"
    );
    add(map, [cel(&keys, &message)]);
}

/// Rules of the spec: the groups that nodes refer to exist.
pub fn groups(spec: &Value, definition: &Definition) -> Vec<Value> {
    let all = [definition.config_groups, definition.app_config_groups];
    let fields = definition.first_of_fields();
    let pairs = fields.flat_map(|node_type| all.iter().flatten().map(move |groups| (node_type, groups)));
    pairs.filter_map(|(node_type, groups)| group(spec, node_type, groups)).collect()
}

fn group(spec: &Value, node_type: &NodeType, groups: &Groups) -> Option<Value> {
    let NodeType { field, cardinality, .. } = *node_type;
    // Where types that share a field have it differently, no rule can name it.
    super::nodes(spec, node_type)?.get("properties")?.get(groups.by)?.get("type")?;
    let (nodes, by, all) = (format!("self.{}", name(field)), name(groups.by), format!("self.{}", name(groups.field)));
    let exists = |node: &str| format!("!has({node}.{by}) || (has({all}) && {node}.{by} in {all})");
    let each = match cardinality {
        Cardinality::One | Cardinality::Optional => exists(&nodes),
        Cardinality::Many => format!("{nodes}.all(key, {})", exists(&format!("{nodes}[key]"))),
        Cardinality::List => format!("{nodes}.all(node, {})", exists("node")),
    };
    let (by, all) = (groups.by, groups.field);
    let message = format!("{by} in {field}: there is no such group in {all}; add it, or name one that is there");
    Some(cel(&format!("!has({nodes}) || {each}"), &message))
}
