//! The number of a node's pods, their PVCs, their PDB, and the node's Service.

use super::Checked;
use crate::{
    definition::{ReplicaRule, Workload},
    settings::{ServiceType, fields::Fits, replica_rule},
};

pub fn check(node: &mut Checked<'_>) {
    scale(node);
    if node.spec.storage_retention.is_some() && node.node_type.storage().is_empty() {
        node.unfit("storageRetention", "this node type has no storage: leave it out");
    }
    if let Some(budget) = &node.spec.settings.disruption_budget
        && budget.max_unavailable.is_some()
        && budget.min_available.is_some()
    {
        node.wrong("disruptionBudget", "it has both maxUnavailable and minAvailable; keep one of them");
    }
    service(node);
}

fn scale(node: &mut Checked<'_>) {
    if node.spec.replicas.is_some_and(|replicas| replicas < 0) {
        node.wrong("replicas", "must be 0 or more");
    }
    let replicas = node.spec.replicas.or(node.node_type.replicas()).unwrap_or(1);
    if let Some(rule) = node.node_type.replica_rule() {
        if node.spec.autoscaling.is_none() {
            replica_rule::broken(&rule, replicas).into_iter().for_each(|message| node.wrong("replicas", message));
        }
        let bounds = node.spec.autoscaling.as_ref().map(|it| [it.min_replicas.unwrap_or(1), it.max_replicas]);
        for number in bounds.into_iter().flatten() {
            let broken = replica_rule::broken(&ReplicaRule { odd: false, ..rule }, number);
            broken.into_iter().for_each(|message| node.wrong("autoscaling", format!("{number} pods: {message}")));
        }
        if node.spec.autoscaling.is_some() && !Fits::Autoscaled.fits(node.node_type) {
            node.unfit("autoscaling", "the number of this node type's pods follows a rule: set `replicas`");
        }
    }
    if let Some(autoscaling) = &node.spec.autoscaling {
        let (fewest, most) = (autoscaling.min_replicas.unwrap_or(1), autoscaling.max_replicas);
        if fewest > most {
            node.wrong("autoscaling", format!("minReplicas, {fewest}, is above maxReplicas, {most}"));
        }
    }
}

fn service(node: &mut Checked<'_>) {
    let Some(service) = &node.spec.settings.service else { return };
    let type_ = service.exposure.type_.unwrap_or(ServiceType::ClusterIP);
    let headless = node.node_type.workload() == Workload::StatefulSet;
    if headless && type_ != ServiceType::ClusterIP && node.gives("service.type") {
        let message = "the Service of a StatefulSet is headless, which gives its pods their names; write `service.external` for a further one";
        node.unfit("service.type", message);
    } else if headless || type_ != ServiceType::LoadBalancer {
        of_load_balancers(node, "service");
    }
    let external = service.external.as_ref().map(|external| external.type_.unwrap_or(ServiceType::LoadBalancer));
    if external.is_some_and(|type_| type_ != ServiceType::LoadBalancer) {
        of_load_balancers(node, "service.external");
    }
}

/// Refuses fields that only load balancers have.
fn of_load_balancers(node: &mut Checked<'_>, service: &str) {
    for field in ["loadBalancerClass", "sourceRanges"].map(|field| format!("{service}.{field}")) {
        if node.gives(&field) {
            node.unfit(&field, "goes with `type: LoadBalancer` only; drop one");
        }
    }
}
