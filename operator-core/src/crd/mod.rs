//! The CustomResourceDefinition of a kind: schemars' schema made structural, and the rules that the definition knows.
//!
//! What the API server can validate, it validates at `kubectl apply`, with a message that says what to write.
//!
//! # Size
//! A schema has no references, so every node type has a copy of all settings; the settings that nodes share have two more (`defaults`
//! and `configGroups`). Figures are of compact JSON, without the author's own fields.
//! | | one node type | what nodes share, each |
//! | --- | --- | --- |
//! | all of it | 39 to 42 KB | 21 KB |
//! | probes | 7 KB, embedded | preserved unknown |
//! | security contexts | 4.5 KB, embedded | preserved unknown |
//! | spread constraints, mounts, `envFrom`, `dnsConfig`, `hostAliases` | 5.7 KB, embedded | preserved unknown |
//! | volumes, init containers, sidecars | 1.3 KB: a name each, the rest preserved unknown | the same |
//! | affinity, lifecycle, `podOverrides`, sources of variables, an HPA's metrics and behavior | 1.5 KB, preserved unknown | the same |
//!
//! Embedded types have short descriptions and the rules that Kubernetes has in code only; what is rare in them (AppArmor, SELinux, Windows,
//! sysctls, HTTP headers, gRPC, label selectors) is preserved unknown. Parts that are preserved unknown are validated with the pods. The Druid of
//! the examples has 5 node types and comes to 247 KiB; so a definition is installed by `kubectl apply --server-side`, which keeps no copy
//! of it in an annotation.
//!
//! # Map
//! | module | subject |
//! | --- | --- |
//! | `nodes` | fields that hold nodes or their settings, without those that a node type can't have |
//! | `parts` | the other fields that the definition knows: order, secrets, externals |
//! | `rules` | CEL |
//! | `tidy` | parts that are removed from schemas |

mod nodes;
pub(crate) mod parts;
pub(crate) mod rules;
#[cfg(test)]
mod tests;
mod tidy;

use k8s_openapi::apiextensions_apiserver::pkg::apis::apiextensions::v1::CustomResourceDefinition;
use kube_core::schema::{OptionalEnum, OptionalIntOrString, StructuralSchemaRewriter};
use schemars::{JsonSchema, generate::SchemaSettings};
use serde_json::{Map, Value, json};

use crate::{
    definition::{Definition, NodeType},
    settings::{json::without_empty, kinds::OF_TYPES, schema::cel},
};

/// The CustomResourceDefinition of a kind whose objects have this spec and status.
pub fn crd<Spec: JsonSchema, Status: JsonSchema>(definition: &Definition) -> CustomResourceDefinition {
    typed(value::<Spec, Status>(definition), definition)
}

/// The same, where users write a form: its schema is as its type has it.
pub fn of_form<Form: JsonSchema, Status: JsonSchema>(definition: &Definition) -> CustomResourceDefinition {
    typed(form_value::<Form, Status>(definition), definition)
}

fn typed(crd: Value, definition: &Definition) -> CustomResourceDefinition {
    // A schema of another shape can only come from a hand-written `JsonSchema`; `check` shows it.
    serde_json::from_value(crd)
        .unwrap_or_else(|error| panic!("the schema of {} is no OpenAPI schema: {error}", definition.kind))
}

/// What [`crd`] reads, with keywords that Kubernetes doesn't know, such as `examples`.
pub(crate) fn value<Spec: JsonSchema, Status: JsonSchema>(definition: &Definition) -> Value {
    json(definition, fitted(schema::<Spec>(), definition), schema::<Status>())
}

/// What [`of_form`] reads.
pub(crate) fn form_value<Form: JsonSchema, Status: JsonSchema>(definition: &Definition) -> Value {
    json(definition, schema::<Form>(), schema::<Status>())
}

/// The schema of a type, as Kubernetes has schemas.
pub(crate) fn schema<T: JsonSchema>() -> Value {
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
    tidy::tidy(&mut schema);
    schema
}

/// The schema of the spec, completed from the definition.
pub(crate) fn fitted(mut spec: Value, definition: &Definition) -> Value {
    nodes::fit(&mut spec, definition);
    parts::fit(&mut spec, definition);
    let groups = rules::groups(&spec, definition);
    rules::add(&mut spec, groups);
    spec
}

fn json(definition: &Definition, spec: Value, status: Value) -> Value {
    let mut root = json!({
        "type": "object",
        "description": definition.doc,
        "required": ["spec"],
        "properties": { "spec": spec, "status": status },
    });
    let own = definition.validations.iter().map(|own| cel(own.rule, own.message));
    rules::add(&mut root, std::iter::once(rules::cluster_name()).chain(own));
    json!({
        "apiVersion": "apiextensions.k8s.io/v1",
        "kind": "CustomResourceDefinition",
        "metadata": metadata(definition),
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
            "versions": [version(definition, root)],
        },
    })
}

fn metadata(definition: &Definition) -> Value {
    let map = |pairs: &[(&str, &str)]| pairs.iter().map(|(key, value)| (*key, *value)).collect::<Value>();
    let name = format!("{}.{}", definition.plural, definition.group);
    let metadata =
        json!({ "name": name, "annotations": map(definition.annotations), "labels": map(definition.labels) });
    without_empty(metadata).into()
}

fn version(definition: &Definition, root: Value) -> Value {
    let scale = definition.scale.map(|scale| {
        json!({
            "specReplicasPath": scale.spec_replicas_path,
            "statusReplicasPath": scale.status_replicas_path,
            "labelSelectorPath": scale.label_selector_path,
        })
    });
    let selectable = definition.selectable.iter().map(|path| json!({ "jsonPath": path }));
    json!({
        "name": definition.version,
        "served": definition.served,
        "storage": definition.storage,
        "deprecated": definition.deprecated.map(|_| true),
        "deprecationWarning": definition.deprecated.filter(|warning| !warning.is_empty()),
        "schema": { "openAPIV3Schema": root },
        "subresources": { "status": {}, "scale": scale },
        "selectableFields": (!definition.selectable.is_empty()).then(|| Value::from_iter(selectable)),
        "additionalPrinterColumns": columns(definition),
    })
}

/// A column of the author's takes the place of core's column with the same heading, which `kubectl` prints in capitals.
fn columns(definition: &Definition) -> Vec<Value> {
    let own = definition.print_columns;
    let column = |name: &str, type_: &str, path: &str, priority: i32| json!({ "name": name, "type": type_, "jsonPath": path, "priority": priority });
    let core = |name: &str, type_: &str, path: &str, priority: i32| {
        let replaced = own.iter().any(|own| own.name.eq_ignore_ascii_case(name));
        (!replaced).then(|| column(name, type_, path, priority))
    };
    let first = [
        core("Ready", "string", ".status.ready", 0),
        core("Status", "string", ".status.conditions[?(@.type==\"Ready\")].reason", 0),
        core("Message", "string", ".status.conditions[?(@.type==\"Ready\")].message", 1),
    ];
    let own = own.iter().map(|own| column(own.name, own.type_, own.json_path, own.priority));
    let age = core("Age", "date", ".metadata.creationTimestamp", 0);
    first.into_iter().flatten().chain(own).chain(age).collect()
}

/// The schema of a node in that of the spec; types that share a field share it.
fn nodes<'a>(spec: &'a Value, node_type: &NodeType) -> Option<&'a Value> {
    let nodes = spec.get("properties")?.get(node_type.field)?;
    nodes::keyword(node_type.cardinality).map_or(Some(nodes), |keyword| nodes.get(keyword))
}

/// The schema of a node of this type alone.
pub(crate) fn node<'a>(spec: &'a Value, node_type: &NodeType) -> Option<&'a Value> {
    let shared = nodes(spec, node_type)?;
    let own = node_type.tag.and_then(|tag| shared.get(OF_TYPES)?.get(tag.value));
    own.or(Some(shared))
}

fn property<'a>(schema: &'a mut Value, name: &str) -> Option<&'a mut Value> {
    schema.get_mut("properties")?.get_mut(name)
}

fn properties(schema: &mut Value) -> Option<&mut Map<String, Value>> {
    schema.get_mut("properties")?.as_object_mut()
}

/// Describes a field that has no description.
fn describe(field: &mut Value, description: impl Into<Value>) {
    if field.get("description").is_none() {
        put(field, "description", description);
    }
}

/// Sets a keyword of a schema. The schema `true`, which allows everything, stays.
fn put(schema: &mut Value, keyword: &str, value: impl Into<Value>) {
    if let Some(schema) = schema.as_object_mut() {
        schema.insert(keyword.to_owned(), value.into());
    }
}
