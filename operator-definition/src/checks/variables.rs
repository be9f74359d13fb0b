//! Environment variables: each is set once.

use crate::{
    NodeType, SecretField,
    joined::or,
    text::{is, report, report_if, same},
};

/// The variables of the hash and of secrets aren't set otherwise.
#[track_caller]
pub const fn variables(node_type: &NodeType, cluster: &[SecretField]) {
    if let Some(variable) = of_hash(node_type) {
        let is_set = is_set(node_type, variable);
        report_if(is_set, "`env` sets `{}` already: give the hash another variable", &[variable]);
    }
    secrets(node_type, cluster, &[]);
    secrets(node_type, node_type.template.secrets, cluster);
}

#[track_caller]
const fn secrets(node_type: &NodeType, secrets: &[SecretField], others: &[SecretField]) {
    each!(secrets, |secret| {
        let Some(variable) = secret.env else { continue };
        let by = if is_set(node_type, variable) {
            "env(…) of this node type"
        } else if is(of_hash(node_type), variable) {
            "config_hash_env of this node type"
        } else if any!(others, |other| is(other.env, variable)) {
            "a secret of the cluster"
        } else {
            continue;
        };
        report(
            "the variable `{}` of the secret `{}` is set by {} too: give one of them another",
            &[variable, secret.field, by],
        );
    });
}

const fn of_hash(node_type: &NodeType) -> Option<&'static str> {
    or(node_type.place.config_hash_env, node_type.template.config_hash_env)
}

const fn is_set(node_type: &NodeType, name: &str) -> bool {
    let NodeType { place, template, .. } = node_type;
    any!(place.env, |variable| same(variable.0, name)) || any!(template.env, |variable| same(variable.0, name))
}
