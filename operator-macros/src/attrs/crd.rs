//! The keys of `#[operator(…)]` that go into the CustomResourceDefinition.

use super::Keys;
use crate::model::{ColumnType, Crd, Deprecated, PrintColumn, Scale, Validation};

impl Crd {
    /// Takes out the keys, which are kube's.
    pub fn read(keys: &mut Keys) -> Self {
        Self {
            short_names: keys.texts("shortname"),
            categories: keys.texts("category"),
            print_columns: keys
                .lists("printcolumn", "name = \"Image\", type = \"string\", json_path = \".spec.image\"")
                .into_iter()
                .filter_map(print_column)
                .collect(),
            validations: keys
                .lists("validation", "rule = \"has(self.spec.image)\", message = \"give an image\"")
                .into_iter()
                .filter_map(validation)
                .collect(),
            scale: keys.list("scale", SCALE).and_then(scale),
            selectable: keys.texts("selectable"),
            annotations: keys.couples("annotation", "\"example.com/owner\", \"data team\""),
            labels: keys.couples("label", "\"example.com/team\", \"data\""),
            served: keys.boolean("served"),
            storage: keys.boolean("storage"),
            deprecated: keys.flag_or_text("deprecated", "use v2").map(Deprecated),
        }
    }
}

const SCALE: &str = "spec_replicas_path = \".spec.brokers.replicas\", status_replicas_path = \".status.replicas\"";

fn print_column(mut keys: Keys) -> Option<PrintColumn> {
    // kube writes it with an underscore.
    let type_key = if keys.has("type_") { "type_" } else { "type" };
    keys.require("name", "name = \"Image\"");
    keys.require(type_key, "type = \"string\"");
    keys.require("json_path", "json_path = \".spec.image\"");
    let name = keys.text("name");
    let type_ = keys.quoted_choice(type_key, ColumnType::ALL).map_or(ColumnType::STRING, |type_| *type_);
    let json_path = keys.text("json_path");
    let priority = keys.integer("priority", 0..=i64::from(i32::MAX)).map_or(0, |priority| *priority);
    keys.finish();
    Some(PrintColumn { name: name?, type_, json_path: json_path?, priority })
}

fn validation(mut keys: Keys) -> Option<Validation> {
    keys.require("rule", "rule = \"has(self.spec.image)\"");
    keys.require("message", "message = \"give an image\"");
    let rule = keys.text("rule");
    let message = keys.text("message");
    keys.finish();
    Some(Validation { rule: rule?, message: message? })
}

fn scale(mut keys: Keys) -> Option<Scale> {
    keys.require("spec_replicas_path", "spec_replicas_path = \".spec.brokers.replicas\"");
    keys.require("status_replicas_path", "status_replicas_path = \".status.replicas\"");
    let spec_replicas_path = keys.text("spec_replicas_path");
    let status_replicas_path = keys.text("status_replicas_path");
    let label_selector_path = keys.text("label_selector_path");
    keys.finish();
    Some(Scale {
        spec_replicas_path: spec_replicas_path?,
        status_replicas_path: status_replicas_path?,
        label_selector_path,
    })
}
