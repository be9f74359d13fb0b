//! The pages' custom resources are what the API server and the operator take, and every page takes part.

#![allow(clippy::unwrap_used, clippy::expect_used, reason = "a test may stop at what it did not expect")]

use std::{collections::BTreeSet, fs, path::PathBuf};

use operator_core::{Cluster, definition::Definition, model::Identity, render::render, settings::merge};
use operator_guide::{Cache, Warehouse};
use serde_json::Value;

fn folder() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("src")
}

/// Name and text of every page, without the summary.
fn pages() -> Vec<(String, String)> {
    let mut pages: Vec<_> = fs::read_dir(folder())
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .map(|path| (path.file_stem().unwrap().to_str().unwrap().to_owned(), fs::read_to_string(path).unwrap()))
        .filter(|(name, _)| name != "SUMMARY")
        .collect();
    pages.sort();
    pages
}

/// The blocks of `text` that are written in `language`.
fn blocks<'a>(text: &'a str, language: &str) -> Vec<&'a str> {
    let fence = format!("```{language}\n");
    text.split(&*fence).skip(1).map(|rest| rest.split("```").next().unwrap()).collect()
}

/// The cluster of the first page, which blocks without a kind are laid over.
fn cluster() -> Value {
    let text = fs::read_to_string(folder().join("introduction.md")).unwrap();
    serde_saphyr::from_str(blocks(&text, "yaml").first().expect("the introduction shows a cluster")).unwrap()
}

/// The schema of `K`.
fn schema<K: Cluster>() -> Value {
    let mut crd = serde_json::to_value(K::crd()).unwrap();
    crd["spec"]["versions"][0]["schema"]["openAPIV3Schema"].take()
}

/// What is wrong with a custom resource of `K`: unknown fields, items of the same key, values of a wrong type, what only shows once the
/// layers are merged.
fn judge<K: Cluster>(schema: &Value, object: &Value) -> Vec<String> {
    let mut wrong = Vec::new();
    walk(schema, object, "", &mut wrong);
    wrong.extend(serde_json::from_value::<K>(object.clone()).err().map(|error| error.to_string()));
    wrong.extend(build(K::DEFINITION, &object["spec"]));
    wrong
}

fn build(definition: &'static Definition, spec: &Value) -> Vec<String> {
    let cluster = Identity { namespace: "default".into(), name: "sessions".into(), uid: "1".into() };
    let built = render(&cluster, spec, definition);
    built.err().into_iter().flatten().map(|invalid| invalid.to_string()).collect()
}

/// Fields that the schema doesn't know, which the API server would drop or refuse, and items that it would take for one.
fn walk(schema: &Value, value: &Value, path: &str, wrong: &mut Vec<String>) {
    match value {
        Value::Object(map) => {
            for (key, value) in map {
                let path = format!("{path}.{key}");
                let known = schema["properties"].get(key).or(schema.get("additionalProperties"));
                match known {
                    Some(known) => walk(known, value, &path, wrong),
                    None if schema["x-kubernetes-preserve-unknown-fields"] == true => {}
                    None if [".apiVersion", ".kind", ".metadata", ".metadata.name"].contains(&path.as_str()) => {}
                    None => wrong.push(format!("{path}: the schema has no such field")),
                }
            }
        }
        Value::Array(items) => {
            let keys = schema["x-kubernetes-list-map-keys"].as_array().cloned().unwrap_or_default();
            let key = |item: &Value| keys.iter().map(|key| item[key.as_str().unwrap()].clone()).collect::<Vec<_>>();
            for (index, item) in items.iter().enumerate() {
                if !keys.is_empty() && items.iter().take(index).any(|other| key(other) == key(item)) {
                    wrong.push(format!("{path}[{index}]: there is an item of the same key"));
                }
                walk(&schema["items"], item, &format!("{path}[{index}]"), wrong);
            }
        }
        _ => {}
    }
}

#[test]
fn the_custom_resources_of_the_pages_are_right() {
    let cluster = cluster();
    let (caches, warehouses) = (schema::<Cache>(), schema::<Warehouse>());
    let mut wrong = Vec::new();
    let mut judged = 0;
    for (page, text) in pages() {
        for block in blocks(&text, "yaml") {
            let value: Value = serde_saphyr::from_str(block).unwrap_or_else(|error| panic!("{page}: {error}\n{block}"));
            let messages = match value.get("kind").and_then(Value::as_str) {
                Some("Cache") => judge::<Cache>(&caches, &value),
                Some("Warehouse") => judge::<Warehouse>(&warehouses, &value),
                Some(_) => continue,
                None => {
                    let mut object = cluster.clone();
                    object["spec"] = merge(object["spec"].take(), value);
                    judge::<Cache>(&caches, &object)
                }
            };
            judged += 1;
            wrong.extend(messages.into_iter().map(|message| format!("{page}: {message}\n{block}")));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
    assert!(judged > 20, "only {judged} blocks were found");
}

#[test]
fn a_field_that_the_schema_lacks_is_seen() {
    let mut object = cluster();
    object["spec"]["servers"]["a"]["replica"] = 3.into();
    assert_eq!(judge::<Cache>(&schema::<Cache>(), &object), [".spec.servers.a.replica: the schema has no such field"]);
}

#[test]
fn the_definitions_are_right() {
    operator_core::check::<Cache>().unwrap();
    operator_core::check::<Warehouse>().unwrap();
}

#[test]
fn every_page_is_listed_and_compiled() {
    let summary = fs::read_to_string(folder().join("SUMMARY.md")).unwrap();
    let compiled = fs::read_to_string(folder().with_file_name("lib.rs")).unwrap();
    for (page, text) in pages() {
        assert!(summary.contains(&format!("({page}.md)")), "SUMMARY.md doesn't list {page}");
        let listed = compiled.contains(&format!("\"{page}\""));
        assert_eq!(text.contains("```rust"), listed, "lib.rs lists the pages that have Rust: {page}");
    }
}

#[test]
fn the_warehouse_is_the_kind_that_its_page_shows() {
    let (_, text) = pages().into_iter().find(|(name, _)| name == "several-types").unwrap();
    let shown = blocks(&text, "rust");
    assert_eq!(shown.first().unwrap().trim_end(), include_str!("../warehouse.rs").trim_end());
}

#[test]
fn links_between_pages_lead_somewhere() {
    let names: BTreeSet<String> = pages().into_iter().map(|(name, _)| format!("{name}.md")).collect();
    for (page, text) in pages() {
        for link in text.split("](").skip(1).filter_map(|rest| rest.split(')').next()) {
            let target = link.split('#').next().unwrap();
            let there = target.is_empty() || target.starts_with("https://") || names.contains(target);
            assert!(there, "{page}: {link} leads nowhere");
        }
    }
}
