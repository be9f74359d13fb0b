//! Environment variables: each is set once.

use crate::{
    NodeType, SecretField,
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
    each!(&node_type.layers, |layer| { secrets(node_type, layer.secrets, cluster) });
}

#[track_caller]
const fn secrets(node_type: &NodeType, secrets: &[SecretField], others: &[SecretField]) {
    each!(secrets, |secret| {
        let Some(variable) = secret.env else { continue };
        if !node_type.is_of(secret.readers) {
            continue;
        }
        let by = if is_set(node_type, variable) {
            "env(…)"
        } else if is(of_hash(node_type), variable) {
            "config_hash_env"
        } else if any!(others, |other| is(other.env, variable) && node_type.is_of(other.readers)) {
            "a secret of the cluster"
        } else {
            continue;
        };
        report(
            "the node type `{}` sets the variable `{}` of the secret `{}` by {} too: give one of them another",
            &[node_type.name, variable, secret.field, by],
        );
    });
}

const fn of_hash(node_type: &NodeType) -> Option<&'static str> {
    highest!(node_type.config_hash_env)
}

const fn is_set(node_type: &NodeType, name: &str) -> bool {
    any!(&node_type.layers, |layer| any!(layer.env, |variable| same(variable.0, name)))
}
