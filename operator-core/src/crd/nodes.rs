//! The fields that hold nodes, or settings that nodes share. A field that no node there can have, or that the author doesn't allow, isn't in
//! the schema, and so is an unknown field. No field has a default: a stored default would override every lower layer.

use std::collections::BTreeSet;

use serde_json::{Map, Value, json};

use super::{describe, parts, properties, property, put, rules, tidy};
use crate::{
    definition::{Cardinality, ConfigFile, Definition, LIST_KEY, NodeType, Workload},
    settings::{
        MOST_COPIES, Rule, SETTINGS, Setting, kinds, kubernetes, replica_rule,
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
    let at_spec = all.into_iter().filter(|node_type| replica_rule::is_at_spec(node_type));
    rules::add(spec, at_spec.flat_map(replica_rule::rules));
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
        item(node);
    }
    let only: Vec<Value> = SETTINGS.iter().filter_map(|setting| only_some(node, setting, types)).collect();
    rules::add(node, only);
    let of_pods = types.iter().filter(|node_type| !replica_rule::is_at_spec(node_type));
    rules::add(node, of_pods.flat_map(|node_type| replica_rule::rules(node_type)));
    let Some(fields) = properties(node) else { return };
    for node_type in types {
        // Of types that share the field, others may count something else.
        let copies = |node_type: &&NodeType| node_type.copies().map(|copies| copies.field);
        let is_common = types.iter().all(|other| copies(other) == copies(node_type));
        if let Some(field) = copies(node_type).filter(|_| is_common).and_then(|field| fields.get_mut(field))
            && field.get("maximum").and_then(Value::as_f64).is_none_or(|most| most > f64::from(MOST_COPIES))
        {
            put(field, "maximum", MOST_COPIES);
        }
        for secret in node_type.secrets() {
            // Of types that share the field, others may read one key of it.
            let all = || types.iter().flat_map(|other| other.secrets()).filter(|other| other.field == secret.field);
            let is_common = all().all(|other| other.folder.is_some() == secret.folder.is_some());
            if let Some(field) = fields.get_mut(secret.field).filter(|_| is_common) {
                parts::secret(field, &secret);
            }
        }
        for config in node_type.configs() {
            if let Some(field) = config.field.and_then(|field| fields.get_mut(field)) {
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

/// An item of a list of nodes: its name can be part of object names.
fn item(node: &mut Value) {
    if let Some(name) = property(node, LIST_KEY) {
        put(name, "maxLength", rules::LONGEST_KEY);
        put(name, "pattern", rules::PART);
    }
}

/// A rule for node types that share a field, where only some can have a setting.
fn only_some(node: &Value, setting: &Setting, types: &[&NodeType]) -> Option<Value> {
    let values: Vec<&str> =
        types.iter().filter(|node_type| setting.fits(node_type)).filter_map(|it| Some(it.tag?.value)).collect();
    let (name, tag) = (setting.name, types.first()?.tag?.field);
    node.get("properties")?.get(name)?;
    (values.len() < types.len()).then(|| kinds::only_some(tag, name, &values))
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
    let of_cluster = types.iter().flat_map(|node_type| definition.configs_of(node_type).copied());
    let own = types.iter().flat_map(|node_type| node_type.configs());
    for ConfigFile { file, mount, format, .. } in of_cluster.chain(own) {
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
