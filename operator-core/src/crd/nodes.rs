//! The fields that hold nodes, or settings that nodes share. A field that no node there can have, or that the author doesn't allow, isn't in
//! the schema, and so is an unknown field. No field has a default: a stored default would override every lower layer.

use std::collections::BTreeSet;

use serde_json::{Map, Value, json};

use super::{describe, parts, properties, property, put, rules, tidy};
use crate::{
    definition::{Cardinality, ConfigFile, Definition, LIST_KEY, LIST_TYPE, NodeType, Workload},
    settings::{
        Rule, SETTINGS, Setting, kubernetes,
        schema::{RULES, cel},
        strategy::{self, Known},
    },
};

/// Fits the fields to `definition`.
pub fn fit(spec: &mut Value, definition: &Definition) {
    let all: Vec<&NodeType> = definition.node_types.iter().collect();
    if let Some(defaults) = definition.defaults.and_then(|field| property(spec, field)) {
        describe(defaults, "Settings of every node. A node's own settings override them.");
        shared(defaults, &all, definition);
    }
    if let Some(groups) = definition.config_groups.and_then(|groups| property(spec, groups.field)) {
        describe(groups, "Named settings that nodes can refer to.");
        rules::named_map(groups, "a config group", "");
        if let Some(group) = groups.get_mut("additionalProperties") {
            shared(group, &all, definition);
        }
    }
    if let Some(groups) = definition.app_config_groups.and_then(|groups| property(spec, groups.field)) {
        describe(groups, "Named configuration that nodes can refer to.");
        rules::named_map(groups, "a config group", "");
        tidy::no_defaults(groups);
    }
    for NodeType { field, cardinality, .. } in definition.first_of_fields() {
        let types: Vec<&NodeType> = all.iter().copied().filter(|other| other.field == *field).collect();
        if let Some(field) = property(spec, field) {
            nodes(field, *cardinality, &types, definition);
        }
    }
}

/// A field that holds the nodes of `types`.
fn nodes(field: &mut Value, cardinality: Cardinality, types: &[&NodeType], definition: &Definition) {
    let names: Vec<&str> = types.iter().map(|node_type| node_type.name).collect();
    describe(field, format!("Nodes of type {}.", names.join(", ")));
    match cardinality {
        Cardinality::One | Cardinality::Optional => {}
        Cardinality::Many => rules::named_map(field, "a node", ": it is part of object names"),
        Cardinality::List => {
            put(field, "maxItems", rules::MOST);
            put(field, "x-kubernetes-list-type", "map");
            put(field, "x-kubernetes-list-map-keys", json!([LIST_KEY]));
        }
    }
    let node = match keyword(cardinality) {
        Some(keyword) => field.get_mut(keyword),
        None => Some(field),
    };
    let Some(node) = node else { return };
    settings(node, types, definition);
    if cardinality == Cardinality::List {
        item(node, &names);
        let only: Vec<Value> = SETTINGS.iter().filter_map(|setting| only_some(node, setting, types)).collect();
        rules::add(node, only);
    }
    let Some(fields) = properties(node) else { return };
    for node_type in types {
        for secret in node_type.secrets() {
            if let Some(field) = fields.get_mut(secret.field) {
                parts::secret(field, &secret);
            }
        }
        for config in node_type.configs() {
            if let Some(field) = fields.get_mut(config.field) {
                describe(field, format!("Content of `{}`.", config.file));
            }
        }
    }
    for groups in [definition.config_groups, definition.app_config_groups].iter().flatten() {
        if let Some(by) = fields.get_mut(groups.by) {
            let text = format!("Name of a group in `{}`. The node's own settings override the group's.", groups.field);
            describe(by, text);
            put(by, "maxLength", rules::LONGEST_KEY);
            put(by, "pattern", rules::PART);
        }
    }
}

/// The keyword under which a field's schema has that of one node; none: it is that of the node.
pub fn keyword(cardinality: Cardinality) -> Option<&'static str> {
    match cardinality {
        Cardinality::One | Cardinality::Optional => None,
        Cardinality::Many => Some("additionalProperties"),
        Cardinality::List => Some("items"),
    }
}

/// An item of a list of nodes, with its node type and its name.
fn item(node: &mut Value, names: &[&str]) {
    let keys = [
        (LIST_TYPE, "Node type.", json!({ "enum": names })),
        (
            LIST_KEY,
            "Name of the node, which is part of object names.",
            json!({ "maxLength": rules::LONGEST_KEY, "pattern": rules::PART }),
        ),
    ];
    for (key, text, mut schema) in keys {
        let Some(fields) = properties(node) else { return };
        let description = fields.get(key).and_then(|field| field.get("description")).cloned();
        put(&mut schema, "type", "string");
        put(&mut schema, "description", description.unwrap_or_else(|| text.into()));
        fields.insert(key.to_owned(), schema);
        let required = node.as_object_mut().map(|node| node.entry("required").or_insert_with(|| json!([])));
        if let Some(required) = required.and_then(Value::as_array_mut).filter(|all| !all.contains(&key.into())) {
            required.push(key.into());
        }
    }
}

/// A rule for node types that share a field, where only some can have a setting.
fn only_some(node: &Value, setting: &Setting, types: &[&NodeType]) -> Option<Value> {
    let fits = types.iter().filter(|node_type| setting.fits(node_type));
    let names: Vec<&str> = fits.map(|node_type| node_type.name).collect();
    let setting = setting.name;
    node.get("properties")?.get(setting)?;
    (names.len() < types.len()).then(|| {
        let rule = format!("!has(self.{setting}) || self.{LIST_TYPE} in ['{}']", names.join("', '"));
        cel(&rule, &format!("{setting} is for nodes of type {} only: leave it out here", names.join(", ")))
    })
}

/// An object with settings that nodes share.
fn shared(group: &mut Value, types: &[&NodeType], definition: &Definition) {
    settings(group, types, definition);
    let Some(fields) = properties(group) else { return };
    for setting in SETTINGS.iter().filter(|setting| setting.large) {
        let Some(field) = fields.get_mut(setting.name) else { continue };
        if let Some(Value::String(description)) = field.get_mut("description") {
            description.push_str(" Validated with the pods.");
        }
        kubernetes::preserve(field);
    }
}

/// An object with settings of nodes of `types`.
fn settings(node: &mut Value, types: &[&NodeType], definition: &Definition) {
    tidy::no_defaults(node);
    let Some(fields) = properties(node) else { return };
    for setting in SETTINGS {
        let is_allowed = setting.power.is_none_or(|power| definition.allow.contains(&power));
        if !is_allowed || !types.iter().any(|node_type| setting.fits(node_type)) {
            fields.remove(setting.name);
        }
        let Some(field) = fields.get_mut(setting.name) else { continue };
        tidy::setting(field);
        if let Rule::ByKey(keys) = setting.merge {
            list_keys(field, keys);
        }
    }
    if definition.config_groups.is_none_or(|groups| groups.by != "configGroup") {
        fields.remove("configGroup");
    }
    storage(fields, types);
    config_overrides(fields, types, definition);
    let workloads: Vec<Workload> = types.iter().map(|node_type| node_type.workload()).collect();
    if let Some(strategy) = fields.get_mut("updateStrategy") {
        update_strategy(strategy, &workloads);
    }
    if workloads.iter().all(|workload| *workload == Workload::StatefulSet) {
        fields.get_mut("service").into_iter().for_each(headless);
    }
}

/// Lists are merged under server-side apply by the same keys as by layers, where each item has them.
fn list_keys(list: &mut Value, keys: &[&str]) {
    let required = list.pointer("/items/required").and_then(Value::as_array);
    if required.is_some_and(|required| keys.iter().all(|key| required.iter().any(|name| name == key))) {
        put(list, "x-kubernetes-list-type", "map");
        put(list, "x-kubernetes-list-map-keys", json!(keys));
    }
}

/// The storage of the node types, by name: another name is an unknown field.
fn storage(fields: &mut Map<String, Value>, types: &[&NodeType]) {
    let Some(storage) = fields.get_mut("storage") else { return };
    let Some(claim) = storage.get("additionalProperties").cloned() else { return };
    let mut claims = Map::new();
    for declared in types.iter().flat_map(|node_type| node_type.storage()) {
        let mut claim = claim.clone();
        let class = declared.class.map(|class| format!(" of class {class}")).unwrap_or_default();
        let description = format!("Mounted at {}. Default: {}{class}.", declared.mount, declared.size);
        put(&mut claim, "description", description);
        claims.entry(declared.name).or_insert(claim);
    }
    only(storage, claims);
}

/// Replaces values of any name by those of these names.
fn only(field: &mut Value, properties: Map<String, Value>) {
    if let Some(field) = field.as_object_mut() {
        field.retain(|keyword, _| !["additionalProperties", "maxProperties"].contains(&keyword.as_str()));
        field.insert("properties".to_owned(), properties.into());
    }
}

/// The files that the node types have, by name: another name is an unknown field.
fn config_overrides(fields: &mut Map<String, Value>, types: &[&NodeType], definition: &Definition) {
    let mut files = Map::new();
    let own = types.iter().flat_map(|node_type| node_type.configs());
    for ConfigFile { file, mount, format, .. } in definition.configs.iter().copied().chain(own) {
        let schema = if format.merges() {
            json!({
                "type": "object",
                "description": format!("Patch of `{mount}/{file}`."),
                "x-kubernetes-preserve-unknown-fields": true,
            })
        } else {
            json!({ "type": "string", "description": format!("Text of `{mount}/{file}`, instead of the spec's.") })
        };
        files.entry(file).or_insert(schema);
    }
    if files.is_empty() {
        fields.remove("configOverrides");
    } else if let Some(overrides) = fields.get_mut("configOverrides") {
        only(overrides, files);
    }
}

/// The update strategies of these workloads; source: validation of `apps` in Kubernetes.
fn update_strategy(strategy: &mut Value, workloads: &[Workload]) {
    let known: Vec<Known> = workloads.iter().filter_map(|workload| strategy::known(*workload)).collect();
    let others: BTreeSet<&str> = known.iter().map(|known| known.other).collect();
    if let Some(field) = property(strategy, "type") {
        put(field, "enum", Vec::from_iter(["RollingUpdate"].into_iter().chain(others)));
    }
    let Some(fields) = properties(strategy) else { return };
    let has = |field: &str| known.iter().any(|known| known.rolling.iter().any(|(name, _)| *name == field));
    fields.retain(|field, _| field == "type" || has(field));
    let rolling = ["partition", "maxUnavailable", "maxSurge"].into_iter().filter(|name| fields.contains_key(*name));
    let rolling: Vec<&str> = rolling.collect();
    let none = rolling.iter().map(|name| format!("!has(self.{name})")).collect::<Vec<_>>().join(" && ");
    let mut rules = vec![cel(
        &format!("!has(self.type) || self.type == 'RollingUpdate' || ({none})"),
        &format!("{} go with type: RollingUpdate only", rolling.join(", ")),
    )];
    let zero = |name: &str| format!("(has(self.{name}) && string(self.{name}) in ['0', '0%', '00%'])");
    if fields.contains_key("maxSurge") {
        rules.push(cel(
            &format!("!({} && {})", zero("maxUnavailable"), zero("maxSurge")),
            "maxUnavailable and maxSurge can't both be 0: no pod could be replaced",
        ));
    } else {
        rules.push(cel(
            &format!("!{}", zero("maxUnavailable")),
            "maxUnavailable can't be 0: no pod could be replaced; write at least 1",
        ));
    }
    rules::add(strategy, rules);
}

/// Removes the type from a StatefulSet's Service; the external Service keeps its type.
fn headless(service: &mut Value) {
    if let Some(fields) = properties(service) {
        fields.retain(|field, _| !["type", "loadBalancerClass", "sourceRanges"].contains(&field.as_str()));
    }
    if let Some(service) = service.as_object_mut() {
        service.remove(RULES);
    }
}
