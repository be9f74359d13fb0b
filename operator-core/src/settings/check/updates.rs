//! Fields that only some kinds of workload have, and how pods are replaced.

use super::Checked;
use crate::{
    definition::Workload::{self, DaemonSet, Deployment, StatefulSet},
    settings::{Fits, SETTINGS, strategy},
};

pub fn check(node: &mut Checked<'_>) {
    let (workload, kind) = (node.node_type.workload(), node.kind());
    for setting in SETTINGS {
        if let Fits::Workloads(workloads) = setting.fits
            && !workloads.contains(&workload)
            && node.gives(setting.name)
        {
            let whose = listed(workloads);
            node.unfit(setting.name, format!("this node is a {kind}; the setting is for {whose}: leave it out"));
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

/// `StatefulSets, Deployments and DaemonSets`
fn listed(workloads: &[Workload]) -> String {
    let kinds: Vec<String> = workloads.iter().map(|workload| format!("{}s", workload.as_str())).collect();
    match kinds.as_slice() {
        [first @ .., last] if !first.is_empty() => format!("{} and {last}", first.join(", ")),
        kinds => kinds.concat(),
    }
}
