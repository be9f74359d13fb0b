//! How pods are confined.
//!
//! Source: the `restricted` Pod Security Standard.

use serde_json::{Value, json};

use crate::{
    definition::Security,
    settings::{
        ResolvedNode,
        json::{at, at_mut, fields, name, without_empty},
        merge_setting,
    },
};

/// The pod's security context: the standard's settings and the node type's user, overridden by the custom resource.
pub fn pod(node: &ResolvedNode) -> Value {
    let run_as = node.node_type.says(|says| says.run_as);
    let mut defaults = without_empty(json!({
        "runAsNonRoot": restricted(node).then_some(true),
        "seccompProfile": restricted(node).then(|| json!({ "type": "RuntimeDefault" })),
        "runAsUser": run_as.map(|run_as| run_as.user),
        "runAsGroup": run_as.map(|run_as| run_as.group),
        "fsGroup": run_as.map(|run_as| run_as.group),
        "fsGroupChangePolicy": run_as.map(|_| "OnRootMismatch"),
    }));
    let own = json!(node.spec.settings.pod_security_context);
    // A user that asks for root by number doesn't need `runAsNonRoot: false`, too.
    if own.get("runAsUser") == Some(&json!(0)) && own.get("runAsNonRoot").is_none() {
        defaults.remove("runAsNonRoot");
    }
    merge_setting("podSecurityContext", defaults.into(), own)
}

/// The security context of the node's own container.
pub fn main(node: &ResolvedNode) -> Value {
    let read_only = node.node_type.says(|says| says.read_only_root);
    let fixed = without_empty(json!({ "readOnlyRootFilesystem": read_only }));
    container(node, merge_setting("securityContext", fixed.into(), json!(node.spec.settings.security_context)))
}

/// Adds the standard's settings to the containers of a template, except for `known` ones. A known name without a security context is a new
/// container that replaced the known one.
pub fn confine(node: &ResolvedNode, template: &mut Value, known: &[String]) {
    for it in at_mut(template, "spec.initContainers|containers.*") {
        let is_known = known.iter().any(|known| known == name(it));
        let has_context = it.get("securityContext").is_some_and(|context| !context.is_null());
        if let Some(fields) = it.as_object_mut().filter(|_| !(is_known && has_context)) {
            let context = container(node, fields.remove("securityContext").unwrap_or_default());
            fields.extend(without_empty(json!({ "securityContext": context })));
        }
    }
}

/// Names of the containers of a template.
pub fn containers(template: &Value) -> Vec<String> {
    let containers = at(template, "spec.initContainers|containers.*").into_iter();
    containers.map(|container| name(container).to_owned()).collect()
}

fn container(node: &ResolvedNode, own: Value) -> Value {
    if !restricted(node) {
        return own;
    }
    let mut defaults = fields(json!({ "allowPrivilegeEscalation": false, "capabilities": { "drop": ["ALL"] } }));
    // The API server refuses what contradicts itself.
    if own.get("privileged") == Some(&json!(true)) || adds(&own, "SYS_ADMIN") || adds(&own, "CAP_SYS_ADMIN") {
        defaults.remove("allowPrivilegeEscalation");
    }
    if own.get("runAsUser") == Some(&json!(0)) {
        defaults.insert("runAsNonRoot".to_owned(), false.into());
    }
    merge_setting("securityContext", defaults.into(), own)
}

fn adds(context: &Value, capability: &str) -> bool {
    at(context, "capabilities.add.*").into_iter().any(|added| added == capability)
}

/// Whether the node type's pods are confined.
pub fn restricted(node: &ResolvedNode) -> bool {
    node.node_type.says(|says| says.security).unwrap_or(Security::Restricted) == Security::Restricted
}
