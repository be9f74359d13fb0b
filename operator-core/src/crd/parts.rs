//! The fields of the spec that the definition names, other than nodes and their settings.

use serde_json::{Value, json};

use super::{describe, property, put, rules};
use crate::{
    definition::{Definition, ExternalCheck, SecretField},
    settings::schema::cel,
};

/// `host:port`; hosts are names or addresses, IPv6 ones in brackets.
const ADDRESS: &str = r" *(\[[0-9a-fA-F:.]+\]|[-a-zA-Z0-9_.]+):0*([1-9][0-9]{0,3}|[1-5][0-9]{4}|6[0-4][0-9]{3}|65[0-4][0-9]{2}|655[0-2][0-9]|6553[0-5]) *";
/// Most addresses of an external: each is a connection of the operator's.
pub(crate) const MOST: usize = 16;
/// Longest list of addresses.
const LONGEST: u32 = 2048;

/// Fits the fields to `definition`.
pub fn fit(spec: &mut Value, definition: &Definition) {
    if let Some(image) = definition.image.and_then(|field| property(spec, field)) {
        describe(image, "Image of every node that doesn't set its own.");
    }
    for config in definition.configs {
        if let Some(field) = config.field.and_then(|field| property(spec, field)) {
            let on = match config.readers {
                [] => "every node".to_owned(),
                readers => format!("nodes of type {}", readers.join(", ")),
            };
            describe(field, format!("Content of `{}` on {on}.", config.file));
        }
    }
    for field in definition.secrets {
        if let Some(secret) = property(spec, field.field) {
            self::secret(secret, field);
        }
    }
    if let Some(order) = definition.deployment_order.and_then(|field| property(spec, field)) {
        self::order(order, definition);
    }
    for external in definition.externals {
        let at = external.at.iter().try_fold(&mut *spec, |schema, name| property(schema, name));
        if let Some(field) = at.filter(|_| !matches!(external.check, ExternalCheck::Function(_))) {
            address(field, external.name);
        }
    }
}

/// A field that holds a Secret's name.
pub fn secret(field: &mut Value, secret: &SecretField) {
    const ONE_KEY: &str = "A Secret in the cluster's namespace, and a key of it.";
    if secret.folder.is_some() {
        // The author's own stays, not the type's.
        if field.get("description").is_none_or(|description| description == ONE_KEY) {
            put(field, "description", "A Secret in the cluster's namespace, each key of which becomes a file.");
        }
        if let Some(fields) = field.get_mut("properties").and_then(Value::as_object_mut) {
            fields.remove("key");
        }
        return;
    }
    describe(field, ONE_KEY);
    if let (Some(length), Some(Value::String(description))) = (secret.generate, field.get_mut("description")) {
        description.push_str(&format!(" Default: the operator creates one with {length} random letters and digits."));
    }
    if let Some(key) = property(field, "key") {
        put(key, "description", format!("Key in its data. Default: `{}`.", secret.key));
    }
}

/// The names of node types, each at most once.
fn order(field: &mut Value, definition: &Definition) {
    describe(field, "Node types in the order of upgrades; node types that aren't listed come last.");
    if field.get("items").is_none() {
        return;
    }
    let names: Vec<&str> = definition.node_types.iter().map(|node_type| node_type.name).collect();
    put(field, "maxItems", names.len());
    put(field, "items", json!({ "type": "string", "enum": names }));
    put(field, "x-kubernetes-list-type", "set");
}

/// One or several, separated by commas.
pub(crate) fn addresses() -> String {
    format!("^{ADDRESS}(,{ADDRESS}){{0,{}}}$", MOST - 1)
}

/// A field that holds addresses. The author's own pattern or enum stays.
fn address(field: &mut Value, name: &str) {
    describe(field, format!("Where {name} is: host:port, or several, at most {MOST}, separated by commas."));
    let is_string = field.get("type").and_then(Value::as_str) == Some("string");
    if !is_string || field.get("pattern").is_some() || field.get("enum").is_some() {
        return;
    }
    if field.get("maxLength").is_none() {
        put(field, "maxLength", LONGEST);
    }
    let matches = format!("self.matches('{}')", addresses().replace('\\', r"\\"));
    let message = format!(
        "write host:port, or several, at most {MOST}, separated by commas, such as zk-0.example.com:2181,zk-1.example.com:2181"
    );
    rules::add(field, [cel(&matches, &message)]);
}
