//! What is wrong with the number of a node's pods, their claims, and their disruption budget.

use super::Checked;
use crate::definition::Workload;

pub fn check(node: &mut Checked<'_>) {
    scale(node);
    storage(node);
    if let Some(budget) = &node.spec.settings.disruption_budget
        && budget.max_unavailable.is_some()
        && budget.min_available.is_some()
    {
        node.wrong(
            "disruptionBudget",
            "it has both maxUnavailable and minAvailable (after merging all layers); keep one of them",
        );
    }
}

fn scale(node: &mut Checked<'_>) {
    if node.spec.replicas.is_some_and(|replicas| replicas < 0) {
        node.wrong("replicas", "must be 0 or more");
    }
    let scales = matches!(node.node_type.workload(), Workload::StatefulSet | Workload::Deployment);
    let kind = node.kind();
    if let Some(autoscaling) = &node.spec.autoscaling {
        let (fewest, most) = (autoscaling.min_replicas.unwrap_or(1), autoscaling.max_replicas);
        if !scales {
            node.wrong("autoscaling", format!("a {kind} can't be scaled: leave it out"));
        }
        if fewest > most {
            node.wrong("autoscaling", format!("minReplicas, {fewest}, is above maxReplicas, {most}"));
        }
    }
    if !scales && node.spec.replicas.is_some() {
        node.wrong("replicas", format!("the number of pods of a {kind} isn't set: leave it out"));
    }
}

fn storage(node: &mut Checked<'_>) {
    if node.spec.storage_retention.is_some() && node.node_type.storage().is_empty() {
        node.wrong("storageRetention", "this node type has no storage: leave it out");
    }
}
