//! How pods are confined.
//!
//! Source: the `restricted` Pod Security Standard.

use serde_json::{Map, Value, json};

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
    let defaults = without_empty(json!({
        "runAsUser": run_as.map(|run_as| run_as.user),
        "runAsGroup": run_as.map(|run_as| run_as.group),
        "fsGroup": run_as.map(|run_as| run_as.group),
        "fsGroupChangePolicy": run_as.map(|_| "OnRootMismatch"),
    }));
    of_pod(restricted(node), defaults, json!(node.spec.settings.pod_security_context))
}

/// The same, of any pod: `defaults` are overridden by its `own`.
fn of_pod(is_restricted: bool, mut defaults: Map<String, Value>, own: Value) -> Value {
    if is_restricted {
        defaults.extend(fields(json!({ "runAsNonRoot": true, "seccompProfile": { "type": "RuntimeDefault" } })));
    }
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
    let own = merge_setting("securityContext", fixed.into(), json!(node.spec.settings.security_context));
    container(restricted(node), own)
}

/// Adds the standard's settings to the containers of a template, except for `known` ones. A known name without a security context is a new
/// container that replaced the known one.
pub fn confine(is_restricted: bool, template: &mut Value, known: &[String]) {
    for it in at_mut(template, "spec.initContainers|containers.*") {
        let is_known = known.iter().any(|known| known == name(it));
        let has_context = it.get("securityContext").is_some_and(|context| !context.is_null());
        if let Some(fields) = it.as_object_mut().filter(|_| !(is_known && has_context)) {
            let context = container(is_restricted, fields.remove("securityContext").unwrap_or_default());
            fields.extend(without_empty(json!({ "securityContext": context })));
        }
    }
}

/// Adds the standard's settings to a template that isn't a node's, where it doesn't say otherwise.
pub fn confine_all(template: &mut Value) {
    if let Some(spec) = template.get_mut("spec").and_then(Value::as_object_mut) {
        let own = spec.remove("securityContext").unwrap_or_default();
        spec.insert("securityContext".to_owned(), of_pod(true, Map::new(), own));
    }
    confine(true, template, &[]);
}

/// Names of the containers of a template.
pub fn containers(template: &Value) -> Vec<String> {
    let containers = at(template, "spec.initContainers|containers.*").into_iter();
    containers.map(|container| name(container).to_owned()).collect()
}

fn container(is_restricted: bool, own: Value) -> Value {
    if !is_restricted {
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
