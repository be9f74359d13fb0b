//! Environment variables: each is set once.

use super::{
    joined::{hash_variable, sets_variable},
    text::{Message, same},
};
use crate::{NodeType, SecretField};

/// The variables of the hash and of secrets aren't set otherwise.
#[track_caller]
pub const fn variables(node_type: &NodeType, cluster: &[SecretField]) {
    if let Some(variable) = hash_variable(node_type)
        && sets_variable(node_type, variable)
    {
        Message::new("`env` sets `").and(variable).and("` already: give the hash another variable").report();
    }
    secrets(node_type, cluster, &[]);
    secrets(node_type, node_type.template.secrets, cluster);
    secrets(node_type, node_type.place.secrets, cluster);
}

#[track_caller]
const fn secrets(node_type: &NodeType, secrets: &[SecretField], others: &[SecretField]) {
    let mut index = 0;
    while index < secrets.len() {
        if let Some(variable) = secrets[index].env {
            let by = if sets_variable(node_type, variable) {
                Some("env(…) of this node type")
            } else if let Some(hash) = hash_variable(node_type)
                && same(hash, variable)
            {
                Some("config_hash_env of this node type")
            } else if carries_a_secret(others, variable) {
                Some("a secret of the cluster")
            } else {
                None
            };
            if let Some(by) = by {
                Message::new("the variable `")
                    .and(variable)
                    .and("` of the secret `")
                    .and(secrets[index].field)
                    .and("` is set by ")
                    .and(by)
                    .and(" too: give one of them another")
                    .report();
            }
        }
        index += 1;
    }
}

const fn carries_a_secret(secrets: &[SecretField], variable: &str) -> bool {
    let mut index = 0;
    while index < secrets.len() {
        if let Some(other) = secrets[index].env
            && same(other, variable)
        {
            return true;
        }
        index += 1;
    }
    false
}
