//! Fields that only some kinds of workload have, and how pods are replaced.

use serde_json::json;

use super::Checked;
use crate::{
    definition::Workload,
    settings::{SETTINGS, json::fields, strategy},
};

pub fn check(node: &mut Checked<'_>) {
    let workload = node.node_type.workload();
    let kind = workload.as_str();
    for setting in SETTINGS {
        if let Some(workloads) = setting.fits.workloads()
            && !workloads.contains(&workload)
            && node.gives(setting.name)
        {
            let whose = listed(workloads);
            node.unfit(setting.name, format!("this node is a {kind}; the setting is for {whose}: leave it out"));
        }
    }
    let (Some(given), Some(known)) = (&node.spec.settings.update_strategy, strategy::known(workload)) else { return };
    let (other, has) = (known.other, known.rolling.map(|(field, _)| field));
    let (type_, is_own) = (given.type_.as_deref().unwrap_or("RollingUpdate"), node.gives("updateStrategy"));
    // What doesn't fit in shared settings is for other nodes.
    if is_own && type_ != "RollingUpdate" && type_ != other {
        node.unfit("updateStrategy.type", format!("a {kind} has no `{type_}`; write RollingUpdate or {other}"));
    }
    for field in fields(json!(given)).keys().filter(|field| *field != "type") {
        let path = format!("updateStrategy.{field}");
        if has.contains(&field.as_str()) {
            if type_ == other {
                node.wrong(&path, "goes with `type: RollingUpdate` only; drop one");
            }
        } else if is_own {
            node.unfit(&path, format!("a {kind} has no `{field}`; it has: {}", has.join(", ")));
        }
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
