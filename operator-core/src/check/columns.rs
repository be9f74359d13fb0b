//! Paths of columns, of the scale subresource and of selectable fields.

use k8s_openapi::apimachinery::pkg::apis::meta::v1::ObjectMeta;
use serde_json::Value;

use super::{
    Finding, Subject,
    path::{follow, steps, type_of},
};
use crate::{
    crd,
    definition::{Definition, PrintColumn, ScaleSubresource},
};

/// The paths are in the schema, and what they lead to is of a type that the API server shows or takes there.
pub fn check(subject: &Subject<'_>) -> Vec<Finding> {
    let Definition { print_columns, scale, selectable, .. } = subject.author.definition;
    let mut object = subject.object.clone();
    object["properties"]["metadata"] = crd::schema::<ObjectMeta>();
    let mut found = Vec::new();
    let mut path = |title: String, path: &str, types: &[&str]| {
        found.extend(wrong(&object, path, types).map(|wrong| Finding::new(title, wrong)))
    };
    for PrintColumn { name, json_path, type_, .. } in *print_columns {
        path(format!("printcolumn \"{name}\""), json_path, shown(type_));
    }
    if let Some(ScaleSubresource { spec_replicas_path, status_replicas_path, label_selector_path }) = scale {
        path("scale(spec_replicas_path)".to_owned(), spec_replicas_path, &["integer"]);
        path("scale(status_replicas_path)".to_owned(), status_replicas_path, &["integer"]);
        label_selector_path.iter().for_each(|at| path("scale(label_selector_path)".to_owned(), at, &["string"]));
    }
    // Source: the API server's validation of CustomResourceDefinitions.
    selectable.iter().for_each(|at| path("selectable".to_owned(), at, &["string", "boolean", "integer"]));
    found
}

/// What a column of this type shows; of other types it is empty. Source: the API server's `tableconvertor`. Empty: anything.
fn shown(column: &str) -> &'static [&'static str] {
    match column {
        "integer" | "number" => &["integer", "number"],
        "boolean" => &["boolean"],
        "date" => &["string"],
        _ => &[],
    }
}

fn wrong(object: &Value, path: &str, types: &[&str]) -> Option<String> {
    let schema = match follow(object, "", &steps(path)?) {
        Ok(schema) => schema,
        Err(missing) => return Some(missing.to_string()),
    };
    let other = type_of(schema).filter(|is| !types.is_empty() && !types.contains(is))?;
    Some(format!("`{path}` is of type {other}; name a field of type {}", types.join(" or ")))
}
