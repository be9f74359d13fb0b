//! What goes with some kinds of workload only, and what is wrong with how pods are replaced.

use super::Checked;
use crate::{
    definition::Workload::{DaemonSet, Deployment, Job, StatefulSet},
    desired::strategy,
};

pub fn check(node: &mut Checked<'_>) {
    let (workload, kind) = (node.node_type.workload(), node.kind());
    let scales = matches!(workload, StatefulSet | Deployment);
    for (field, fits, whose) in [
        ("replicas", scales, "StatefulSets and Deployments"),
        ("autoscaling", scales, "StatefulSets and Deployments"),
        ("disruptionBudget", scales, "StatefulSets and Deployments"),
        ("podManagementPolicy", workload == StatefulSet, "StatefulSets"),
        ("updateStrategy", workload != Job, "StatefulSets, Deployments and DaemonSets"),
        ("minReadySeconds", workload != Job, "StatefulSets, Deployments and DaemonSets"),
    ] {
        if !fits && node.gives(field) {
            node.unfit(field, format!("this node is a {kind}; the setting is for {whose}: leave it out"));
        }
    }
    let (Some(given), StatefulSet | Deployment | DaemonSet) = (&node.spec.settings.update_strategy, workload) else {
        return;
    };
    if node.gives("updateStrategy") {
        for (field, message) in strategy::unfit(workload, given) {
            node.unfit(&format!("updateStrategy.{field}"), message);
        }
    }
    for field in strategy::idle(workload, given) {
        node.wrong(&format!("updateStrategy.{field}"), "goes with `type: RollingUpdate` only; drop one");
    }
}
