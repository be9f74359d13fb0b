//! What the number of a node type's pods has to be: said by the schema, and where that can't, by the operator.

use serde_json::Value;

use super::schema::{cel, cel_name};
use crate::definition::{Cardinality, NodeType, ReplicaRule, Workload};

/// What a number breaks.
pub fn broken(rule: &ReplicaRule, replicas: i32) -> Vec<String> {
    let kept = [(rule.odd, replicas % 2 == 1), (is_bounded(rule), is_within(rule, replicas))];
    let messages = [odd(), bounds(rule)];
    kept.into_iter().zip(messages).filter(|((is_asked, is_kept), _)| *is_asked && !is_kept).map(|(_, it)| it).collect()
}

fn is_bounded(rule: &ReplicaRule) -> bool {
    rule.min.is_some() || rule.max.is_some()
}

fn is_within(rule: &ReplicaRule, replicas: i32) -> bool {
    rule.min.is_none_or(|min| replicas >= min) && rule.max.is_none_or(|max| replicas <= max)
}

fn odd() -> String {
    "must be odd: one pod more than that survives no further failure".to_owned()
}

fn bounds(rule: &ReplicaRule) -> String {
    match (rule.min, rule.max) {
        (Some(min), Some(max)) => format!("must be {min} to {max}"),
        (Some(min), None) => format!("must be {min} or more"),
        (_, max) => format!("must be {} or less", max.unwrap_or(i32::MAX)),
    }
}

/// The rules of a node type in CEL. Of one node without a tag they stand at the spec, for it may be left out; of others at the node.
pub fn rules(node_type: &NodeType) -> Vec<Value> {
    let Some(rule) = node_type.replica_rule() else { return Vec::new() };
    if matches!(node_type.workload(), Workload::DaemonSet | Workload::Job) {
        return Vec::new();
    }
    let field = cel_name(node_type.field);
    let is_at_spec = is_at_spec(node_type);
    let default = node_type.replicas().unwrap_or(1);
    let number = |of: &str| match is_at_spec {
        true => format!("(has({of}.{field}) && has({of}.{field}.replicas) ? {of}.{field}.replicas : {default})"),
        false => format!("(has({of}.replicas) ? {of}.replicas : {default})"),
    };
    // A node that isn't there has no pods; where it can't be left out, it has the default.
    let there = |of: &str| match node_type.tag {
        _ if is_at_spec && node_type.cardinality == Cardinality::Optional => format!("!has({of}.{field}) || "),
        Some(tag) if !is_at_spec => format!("{of}.{} != '{}' || ", cel_name(tag.field), tag.value),
        _ => String::new(),
    };
    let place = if is_at_spec { format!("{}.replicas", node_type.field) } else { "replicas".to_owned() };
    let (this, old) = (number("self"), number("oldSelf"));
    let mut rules = Vec::new();
    if rule.odd {
        rules.push(cel(&format!("{}{this} % 2 == 1", there("self")), &format!("{place} {}", odd())));
    }
    if is_bounded(&rule) {
        let min = rule.min.map(|min| format!("{this} >= {min}"));
        let max = rule.max.map(|max| format!("{this} <= {max}"));
        let both = [min, max].into_iter().flatten().collect::<Vec<_>>().join(" && ");
        rules.push(cel(&format!("{}({both})", there("self")), &format!("{place} {}", bounds(&rule))));
    }
    if let Some(why) = rule.fixed {
        let why = if why.is_empty() { String::new() } else { format!(": {why}") };
        let both = [there("self"), there("oldSelf")].concat();
        rules.push(cel(&format!("{both}{this} == {old}"), &format!("{place} stays as it is{why}")));
    }
    rules
}

/// Whether the rules of a node type stand at the spec.
pub fn is_at_spec(node_type: &NodeType) -> bool {
    !node_type.cardinality.is_many() && node_type.tag.is_none()
}
