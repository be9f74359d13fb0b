//! The children of one node, and its row in the status.

use serde_json::Value;

use super::{
    Children, NodeContext, Object, Scope, config_map, daemon_set, deployment, files,
    horizontal_pod_autoscaler as autoscaler, http_route, ingress, job, names::Names, network_policy, pod,
    pod_disruption_budget, powers, role, role_binding, secrets, service, service_account, service_monitor,
    stateful_set, vertical_pod_autoscaler, workload,
};
use crate::{
    definition::Workload,
    settings::{Invalid, ResolvedNode},
};

/// Renders them.
pub fn render(context: &NodeContext<'_>) -> Result<Vec<Object>, Vec<Invalid>> {
    let NodeContext { names, spec, node, .. } = *context;
    let files = files::read(context)?;
    let secrets = secrets::read(names, spec, node)?;
    let pod = pod::build(names, node, &files, &secrets)?;
    let containers = pod::containers(&pod);
    let supported = supporting(names, node, &pod)?;
    powers::check(context, &secrets, (&pod, &supported), |node| {
        let pod = pod::build(names, node, &files, &secrets).ok()?;
        let supported = supporting(names, node, &pod).ok()?;
        Some((pod, supported))
    })?;
    let mut children = Children::new(names, Some(node));
    children.extend(files.iter().map(|file| config_map::build(file, node)));
    children.extend(secrets::generated(names, Some(node), &node.node_type.secrets(), &node.spec_value));
    children.extend(supported);
    children.push_workload(match node.node_type.workload() {
        Workload::StatefulSet => stateful_set::build(names, node, pod),
        Workload::Deployment => deployment::build(names, node, pod),
        Workload::DaemonSet => daemon_set::build(names, node, pod),
        Workload::Job => job::build(names, node, pod),
    });
    let replicas = children.replicas();
    let scope = Scope { cluster: names.cluster, node: Some(node) };
    let mut children = children.customized(names, spec, &scope)?;
    let is_scaled = children.replicas() != replicas;
    let Some(workload) = children.workload_mut() else {
        let message = "the hook dropped the node's workload; leave the node out of the spec instead";
        return Err(vec![Invalid::new(node.path.as_str(), message)]);
    };
    if is_scaled {
        let kind = &workload.kind.kind;
        let message = format!(
            "the hook changed spec.replicas of the {kind}, which the node's `replicas` sets: leave it as it is"
        );
        return Err(vec![Invalid::new(node.path.as_str(), message)]);
    }
    let variable = node.node_type.says(|says| says.config_hash_env).map(|name| (node.node_type.container(), name));
    pod::confine(pod::restricted(node), &mut workload.json["spec"]["template"], &containers);
    workload::finish(workload, names, &files, variable);
    Ok(children.into_objects())
}

/// A node's supporting objects (ServiceAccount, Service, PDB, NetworkPolicy …). `pod` is the template of its pods.
fn supporting(names: &Names<'_>, node: &ResolvedNode, pod: &Value) -> Result<Vec<Object>, Vec<Invalid>> {
    let account = pod.pointer("/spec/serviceAccountName").and_then(Value::as_str).unwrap_or_default();
    let autoscaler = autoscaler::build(names, node, pod).map_err(|invalid| vec![invalid])?;
    let mut built = Vec::new();
    // Of rights that others' accounts have, none is the author's to give.
    if !node.node_type.rules().is_empty() && account == names.node(&node.name) {
        built.extend([service_account::build(names, node), role::build(names, node), role_binding::build(names, node)]);
    }
    built.extend(service::build(names, node));
    built.extend(network_policy::build(names, node, pod));
    built.extend(pod_disruption_budget::build(names, node));
    built.extend(ingress::build(names, node));
    built.extend(http_route::build(names, node));
    built.extend(service_monitor::build(names, node));
    built.extend(autoscaler);
    built.extend(vertical_pod_autoscaler::build(names, node));
    Ok(built)
}
