//! The CustomResourceDefinition of a kind: schemars' schema made structural, and the rules that the definition knows.
//!
//! What the API server can judge is judged there, at `kubectl apply`, in a sentence that says what to write.

use k8s_openapi::apiextensions_apiserver::pkg::apis::apiextensions::v1::CustomResourceDefinition;
use kube_core::schema::{OptionalEnum, OptionalIntOrString, StructuralSchemaRewriter};
use schemars::{JsonSchema, generate::SchemaSettings};
use serde_json::{Map, Value, json};

use crate::{
    Cluster,
    definition::{Cardinality, Definition, NodeType, Workload},
    status::ClusterStatus,
};

/// Most nodes of a node type, and config groups: bounds for what the rules cost.
const MOST: u32 = 64;
/// Longest key of a node or config group.
const LONGEST_KEY: u32 = 30;
/// What object names are made of; source: RFC 1035 labels, for the sake of Services.
const LABEL: &str = "^[a-z]([-a-z0-9]*[a-z0-9])?$";
/// The same within a name.
const PART: &str = "^[a-z0-9]([-a-z0-9]*[a-z0-9])?$";

/// The CustomResourceDefinition of `K`.
pub fn crd<K: Cluster>() -> CustomResourceDefinition {
    let crd = json(K::DEFINITION, schema::<K::Spec>(), schema::<ClusterStatus>());
    // A schema of another shape can only come from a hand-written `JsonSchema`; the tests of the kind show it.
    serde_json::from_value(crd)
        .unwrap_or_else(|error| panic!("the schema of {} is no OpenAPI schema: {error}", K::DEFINITION.kind))
}

fn schema<T: JsonSchema>() -> Value {
    let settings = SchemaSettings::openapi3()
        .with(|settings| {
            settings.inline_subschemas = true;
            settings.meta_schema = None;
        })
        .with_transform(StructuralSchemaRewriter)
        .with_transform(OptionalEnum)
        .with_transform(OptionalIntOrString);
    let mut schema = settings.into_generator().into_root_schema_for::<T>().to_value();
    if let Some(schema) = schema.as_object_mut() {
        schema.remove("title");
        schema.remove("$schema");
        schema.remove("components");
    }
    no_empty_defaults(&mut schema);
    schema
}

/// What `#[serde(default)]` leaves behind says nothing, and would be stored in every object.
fn no_empty_defaults(schema: &mut Value) {
    match schema {
        Value::Object(map) => {
            if map
                .get("default")
                .is_some_and(|value| matches!(value, Value::Null) || *value == json!({}) || *value == json!([]))
            {
                map.remove("default");
            }
            map.values_mut().for_each(no_empty_defaults);
        }
        Value::Array(items) => items.iter_mut().for_each(no_empty_defaults),
        _ => {}
    }
}

fn json(definition: &Definition, mut spec: Value, status: Value) -> Value {
    for node_type in definition.node_types {
        if let Some(field) = property(&mut spec, node_type.field) {
            node_field(field, node_type, definition);
        }
    }
    if let Some(groups) = definition.config_groups.and_then(|groups| property(&mut spec, groups.field)) {
        named_map(groups, "a config group");
    }
    add_rules(&mut spec, definition.node_types.iter().filter_map(|node_type| group_exists(node_type, definition)));
    let mut root = json!({
        "type": "object",
        "description": definition.doc,
        "required": ["spec"],
        "properties": { "spec": spec, "status": status },
    });
    add_rules(
        &mut root,
        std::iter::once(cluster_name()).chain(
            definition
                .validations
                .iter()
                .map(|validation| json!({ "rule": validation.rule, "message": validation.message })),
        ),
    );
    json!({
        "apiVersion": "apiextensions.k8s.io/v1",
        "kind": "CustomResourceDefinition",
        "metadata": { "name": format!("{}.{}", definition.plural, definition.group) },
        "spec": {
            "group": definition.group,
            "scope": "Namespaced",
            "names": {
                "kind": definition.kind,
                "plural": definition.plural,
                "singular": definition.singular,
                "shortNames": definition.short_names,
                "categories": definition.categories,
            },
            "versions": [{
                "name": definition.version,
                "served": true,
                "storage": true,
                "schema": { "openAPIV3Schema": root },
                "subresources": { "status": {} },
                "additionalPrinterColumns": columns(definition),
            }],
        },
    })
}

fn property<'a>(schema: &'a mut Value, name: &str) -> Option<&'a mut Value> {
    schema.get_mut("properties")?.get_mut(name)
}

/// Of a field that holds nodes: no defaults, since a stored default would beat every lower layer; only what its node type has.
fn node_field(field: &mut Value, node_type: &NodeType, definition: &Definition) {
    let node = match node_type.cardinality {
        Cardinality::One | Cardinality::Optional => Some(field),
        Cardinality::Many => {
            named_map(field, "a node");
            field.get_mut("additionalProperties")
        }
        Cardinality::List => field.get_mut("items"),
    };
    let Some(properties) = node.and_then(|node| node.get_mut("properties")).and_then(Value::as_object_mut) else {
        return;
    };
    properties.values_mut().for_each(|property| {
        property.as_object_mut().map(|property| property.remove("default"));
    });
    if definition.config_groups.is_none() {
        properties.remove("configGroup");
    }
    storage(properties, node_type);
}

/// The claims that the node type has, by name: another name is an unknown field.
fn storage(properties: &mut Map<String, Value>, node_type: &NodeType) {
    let declared = node_type.storage();
    if declared.is_empty() || node_type.workload() != Workload::StatefulSet {
        properties.remove("storage");
        return;
    }
    let Some(storage) = properties.get_mut("storage").and_then(Value::as_object_mut) else {
        return;
    };
    storage.remove("maxProperties");
    let Some(claim) = storage.remove("additionalProperties") else {
        return;
    };
    let claims: Map<String, Value> = declared
        .iter()
        .map(|declared| {
            let mut claim = claim.clone();
            let class = declared.class.map(|class| format!(" of class {class}")).unwrap_or_default();
            claim["description"] =
                format!("Mounted at {}; {}{class} where nothing is said here.", declared.mount, declared.size).into();
            (declared.name.to_owned(), claim)
        })
        .collect();
    storage.insert("properties".to_owned(), claims.into());
}

fn named_map(map: &mut Value, what: &str) {
    map["maxProperties"] = MOST.into();
    let rule = json!({
        "rule": format!("self.all(key, key.size() <= {LONGEST_KEY} && key.matches('{PART}'))"),
        "message": format!("the name of {what} is at most {LONGEST_KEY} lower-case letters, digits and '-': it is part of object names"),
    });
    add_rules(map, [rule]);
}

fn cluster_name() -> Value {
    json!({
        "rule": format!("self.metadata.name.size() <= 63 && self.metadata.name.matches('{LABEL}')"),
        "message": "metadata.name must be at most 63 lower-case letters, digits and '-', and start with a letter: Services are named after it",
    })
}

/// A node's config group must be one of the cluster's.
fn group_exists(node_type: &NodeType, definition: &Definition) -> Option<Value> {
    let groups = definition.config_groups.map(|groups| groups.field).filter(|field| is_identifier(field))?;
    let field = Some(node_type.field).filter(|field| is_identifier(field))?;
    let exists =
        |node: &str| format!("!has({node}.configGroup) || (has(self.{groups}) && {node}.configGroup in self.{groups})");
    let rule = match node_type.cardinality {
        Cardinality::One | Cardinality::Optional => {
            format!("!has(self.{field}) || {}", exists(&format!("self.{field}")))
        }
        Cardinality::List => return None,
        Cardinality::Many => {
            format!("!has(self.{field}) || self.{field}.all(key, {})", exists(&format!("self.{field}[key]")))
        }
    };
    Some(
        json!({ "rule": rule, "message": format!("configGroup in {field}: there is no such group in {groups}; add it, or name one that is there") }),
    )
}

/// Whether CEL can name the field as it is; others would have to be escaped.
fn is_identifier(field: &str) -> bool {
    const RESERVED: [&str; 6] = ["in", "as", "namespace", "import", "package", "var"];
    field.chars().all(|c| c.is_ascii_alphanumeric()) && !RESERVED.contains(&field)
}

/// Puts rules beside those that are there already.
fn add_rules(schema: &mut Value, rules: impl IntoIterator<Item = Value>) {
    let Some(schema) = schema.as_object_mut() else { return };
    let mut rules: Vec<Value> = rules.into_iter().collect();
    if rules.is_empty() {
        return;
    }
    if let Some(Value::Array(there)) = schema.remove("x-kubernetes-validations") {
        rules.splice(0..0, there);
    }
    schema.insert("x-kubernetes-validations".to_owned(), rules.into());
}

fn columns(definition: &Definition) -> Vec<Value> {
    let column = |name: &str, type_: &str, path: &str, priority: i32| json!({ "name": name, "type": type_, "jsonPath": path, "priority": priority });
    let mut columns = vec![
        column("Ready", "string", ".status.ready", 0),
        column("Status", "string", ".status.conditions[?(@.type==\"Ready\")].reason", 0),
        column("Message", "string", ".status.conditions[?(@.type==\"Ready\")].message", 1),
    ];
    columns.extend(definition.print_columns.iter().map(|own| column(own.name, own.type_, own.json_path, own.priority)));
    columns.push(column("Age", "date", ".metadata.creationTimestamp", 0));
    columns
}
