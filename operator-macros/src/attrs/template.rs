//! `#[node_type(…)]`: what it says of nodes, on a struct and on a field alike, and what only a field says.

use darling::util::SpannedValue;
use operator_definition::{Protocol, RunAs};

use super::{Keys, Text, choices, keys::Named, probe};
use crate::{
    errors::Errors,
    model::{Metrics, Port, ReplicaRule, Rule, Storage, Template},
};

impl Template {
    /// Takes out the keys that a struct and a field have in common; a field's others are taken out before.
    pub fn read(keys: &mut Keys) -> Self {
        for key in ["name", "order"] {
            keys.refuse(key, "it belongs on the field that places the node type in a cluster");
        }
        keys.refuse("copies", "it belongs in #[node_type(copies = self.field)] on the struct that has the field");
        keys.refuse(
            "config",
            "put #[config(…)] on a field, or config(…) on a struct: in #[node_type(…)] or #[operator(…)]",
        );
        let (replicas, replica_rule) = replicas(keys);
        Self {
            copies: None,
            workload: keys.choice("workload", choices::WORKLOADS),
            object_name: keys.text("object_name"),
            container: keys.text("container"),
            selector: keys.couples("selector", "\"app\", \"druid\""),
            replicas,
            replica_rule,
            image: keys.text("image"),
            ports: keys.lists("port", "http = 8080").into_iter().flat_map(ports).collect(),
            command: keys.words("command"),
            args: keys.words("args"),
            env: keys.pairs("env"),
            storage: keys
                .lists("storage", "data = \"/data\", size = \"10Gi\"")
                .into_iter()
                .filter_map(storage)
                .collect(),
            readiness: probe::read(keys, "readiness"),
            liveness: probe::read(keys, "liveness"),
            startup: probe::read(keys, "startup"),
            config_hash_env: keys.text("config_hash_env"),
            defaults: keys.path("defaults"),
            empty_dirs: keys.words("empty_dirs"),
            read_only_root: keys.boolean("read_only_root"),
            security: keys.choice("security", choices::SECURITY),
            run_as: keys.list("run_as", "user = 1000").and_then(run_as),
            rules: keys
                .lists("rule", "resources(\"pods\"), verbs(\"get\", \"list\", \"watch\")")
                .into_iter()
                .map(rule)
                .collect(),
            talks_to: keys.words("talks_to"),
            publish_not_ready: keys.boolean("publish_not_ready"),
            metrics: keys.list("metrics", "port = \"http\"").and_then(metrics),
            configs: Vec::new(),
            secrets: Vec::new(),
        }
    }
}

/// `replicas = 3`, or `replicas(default = 3, odd)`.
fn replicas(keys: &mut Keys) -> (Option<SpannedValue<i32>>, Option<ReplicaRule>) {
    let range = 0..=i64::from(i32::MAX);
    if !keys.has_list("replicas") {
        return (keys.integer("replicas", range), None);
    }
    let Some(mut keys) = keys.list("replicas", "default = 3, odd") else { return (None, None) };
    let default = keys.integer("default", range.clone());
    let (min, max) = (keys.integer("min", range.clone()), keys.integer("max", range));
    let odd = keys.flag("odd").is_some();
    let fixed = keys.flag_or_text("fixed", "the members are listed, and no others are taken in");
    if keys.is_empty() && min.is_none() && max.is_none() && !odd && fixed.is_none() {
        keys.errors.at(
            &keys.span(),
            "`replicas(…)` says no rule: write replicas = 3, or a rule, as in replicas(default = 3, odd)",
        );
    }
    let number = default.map_or(1, |default| *default);
    let is_right = min.is_none_or(|min: SpannedValue<i32>| number >= *min)
        && max.is_none_or(|max: SpannedValue<i32>| number <= *max)
        && (!odd || number % 2 == 1);
    if !is_right {
        let at = default.map_or_else(|| keys.span(), |default| default.span());
        keys.errors.at(
            &at,
            format!(
                "the default, {number}, breaks the rule beside it: write another one, as in replicas(default = 3, odd)"
            ),
        );
    }
    keys.finish();
    (default, Some(ReplicaRule { min: min.map(|min| *min), max: max.map(|max| *max), odd, fixed }))
}

/// `every_node(…)`: what all node types have in common.
pub fn every_node(keys: &mut Keys) -> Template {
    let Some(mut keys) = keys.list("every_node", "run_as(user = 1000)") else { return Template::default() };
    let template = Template::read(&mut keys);
    keys.finish();
    template
}

/// `#[node_type(…)]` on a field or variant.
#[derive(Default)]
pub struct PlaceKeys {
    pub name: Option<Text>,
    pub order: Option<SpannedValue<i32>>,
    pub template: Template,
}

impl PlaceKeys {
    /// Reads the attribute.
    pub fn read(attribute: &syn::Attribute, errors: &Errors) -> Self {
        let mut keys = Keys::of("node_type", &[attribute], errors);
        let name = keys.text("name");
        let order = keys.integer("order", i64::from(i32::MIN)..=i64::from(i32::MAX));
        let template = Template::read(&mut keys);
        keys.refuse("crate", "it belongs in #[operator(crate = path)] on the struct");
        keys.finish();
        Self { name, order, template }
    }
}

/// `port(http = 8080)`: one or several of one protocol.
fn ports(mut keys: Keys) -> Vec<Port> {
    let protocol = keys.choice("protocol", choices::PROTOCOLS).map_or(Protocol::Tcp, |protocol| *protocol);
    for key in ["name", "number"] {
        keys.refuse(key, "the key is the port's name: write port(http = 8080)");
    }
    let named = keys.named();
    if named.is_empty() && keys.is_empty() {
        keys.errors.at(&keys.span(), "`port(…)` names no port: write port(http = 8080)");
    }
    let port = |named: Named| Port { number: keys.number(&named, 1..=65_535), name: named.name, protocol };
    let ports = named.into_iter().map(port).collect();
    keys.finish();
    ports
}

/// `storage(data = "/data", size = "10Gi")`.
fn storage(mut keys: Keys) -> Option<Storage> {
    keys.require("size", "size = \"10Gi\"");
    let size = keys.text("size");
    let class = keys.text("class");
    for key in ["name", "mount"] {
        keys.refuse(key, "the key is the volume's name: write storage(data = \"/data\", size = \"10Gi\")");
    }
    let mut named = keys.named().into_iter();
    let first = named.next();
    if first.is_none() && keys.is_empty() {
        keys.errors.at(&keys.span(), "`storage(…)` names no volume: write storage(data = \"/data\", size = \"10Gi\")");
    }
    for other in named {
        let message = format!("one volume for each `storage(…)`: write a further one for `{}`", other.name.as_str());
        keys.errors.at(&other.name.span(), message);
    }
    let mount = first.as_ref().and_then(|named| keys.text_of(named));
    keys.finish();
    Some(Storage { name: first?.name, mount: mount?, size: size?, class })
}

fn run_as(mut keys: Keys) -> Option<RunAs> {
    keys.require("user", "user = 1000");
    // Source: the API server's validation of security contexts.
    let ids = 1..=i64::from(i32::MAX);
    let user = keys.integer("user", ids.clone());
    let group = keys.integer("group", ids);
    keys.finish();
    let user = *user?;
    Some(RunAs { user, group: group.map_or(user, |group| *group) })
}

fn rule(mut keys: Keys) -> Rule {
    keys.require("resources", "resources(\"pods\")");
    keys.require("verbs", "verbs(\"get\", \"list\", \"watch\")");
    let core_group = Text::new(String::new(), keys.span());
    let given = keys.has("groups");
    let groups = keys.words("groups");
    let groups = if given { groups } else { vec![core_group] };
    let rule = Rule { groups, resources: keys.words("resources"), verbs: keys.words("verbs") };
    keys.finish();
    rule
}

fn metrics(mut keys: Keys) -> Option<Metrics> {
    keys.require("port", "port = \"http\", the name of the port that serves them");
    let port = keys.text("port");
    let path = keys.text("path");
    keys.finish();
    Some(Metrics { port: port?, path })
}
