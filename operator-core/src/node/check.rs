//! What is wrong with merged settings, found before anything is written: the API server would refuse the node's workload.

use super::{EnvVar, Invalid, NodeSpec};
use crate::desired::names;

/// Everything that is wrong with `spec`, the merged settings of the node at `path`, in an operator of `group`.
pub fn check(group: &str, path: &str, spec: &NodeSpec) -> Vec<Invalid> {
    let settings = &spec.settings;
    let mut errors = Vec::new();
    let mut wrong = |field: &str, message: String| errors.push(Invalid::new(format!("{path}.{field}"), message));

    if settings.image.as_deref().unwrap_or_default().is_empty() {
        wrong("image", "no image: set it here, in a config group, or for the whole cluster".to_owned());
    }
    if spec.replicas.is_some_and(|replicas| replicas < 0) {
        wrong("replicas", "must be 0 or more".to_owned());
    }
    for (name, request) in settings.resources.iter().flat_map(|resources| &resources.requests) {
        if let Some(limit) = settings.resources.as_ref().and_then(|resources| resources.limits.get(name))
            && request > limit
        {
            wrong(
                "resources",
                format!("the {name} request {request} is above the limit {limit} (after merging all layers)"),
            );
        }
    }
    for EnvVar { name, value, value_from } in &settings.env {
        if name.is_empty() || !name.chars().all(|c| c.is_ascii_graphic() && c != '=') {
            wrong("env", format!("`{name}` can't be the name of an environment variable"));
        }
        if value.is_some() && value_from.is_some() {
            wrong("env", format!("`{name}` has both value and valueFrom; drop one"));
        }
    }
    for (key, value) in &settings.pod_labels {
        if !is_label_key(key) || !is_label_value(value) {
            wrong("podLabels", format!("`{key}: {value}` is no label: letters, digits, `-`, `_` and `.`, at most 63"));
        }
    }
    let own = [names::NAME, names::INSTANCE, names::COMPONENT, names::MANAGED_BY];
    let is_own = |key: &str| own.contains(&key) || key.strip_prefix(group).is_some_and(|rest| rest.starts_with('/'));
    for key in settings.pod_labels.keys().filter(|key| is_own(key)) {
        wrong("podLabels", format!("`{key}` is the operator's own: pods are selected by it; use another key"));
    }
    for key in settings.pod_annotations.keys().filter(|key| is_own(key)) {
        wrong("podAnnotations", format!("`{key}` is the operator's own; use another key"));
    }
    for key in settings.pod_annotations.keys().filter(|key| !is_label_key(key)) {
        wrong("podAnnotations", format!("`{key}` can't be an annotation's key"));
    }
    for (key, value) in &settings.node_selector {
        if !is_label_key(key) || !is_label_value(value) {
            wrong(
                "nodeSelector",
                format!("`{key}: {value}` is no label: letters, digits, `-`, `_` and `.`, at most 63"),
            );
        }
    }
    for toleration in settings.tolerations.iter().flatten() {
        let exists = toleration.operator.as_deref() == Some("Exists");
        if toleration.key.as_deref().unwrap_or_default().is_empty() && !exists {
            wrong("tolerations", "a toleration without a key needs `operator: Exists`".to_owned());
        }
        if exists && toleration.value.is_some() {
            wrong("tolerations", "a toleration with `operator: Exists` takes no value".to_owned());
        }
        if toleration.toleration_seconds.is_some() && toleration.effect.as_deref() != Some("NoExecute") {
            wrong("tolerations", "tolerationSeconds goes with `effect: NoExecute` only".to_owned());
        }
    }
    errors
}

/// `[prefix/]name`; source: Kubernetes' labels and selectors.
fn is_label_key(key: &str) -> bool {
    let (prefix, name) = key.split_once('/').map_or((None, key), |(prefix, name)| (Some(prefix), name));
    let subdomain = |prefix: &str| {
        prefix.len() <= 253
            && prefix.split('.').all(|part| {
                is_label_value(part)
                    && !part.is_empty()
                    && !part.contains('_')
                    && !part.chars().any(|c| c.is_ascii_uppercase())
            })
    };
    !name.is_empty() && is_label_value(name) && prefix.is_none_or(subdomain)
}

fn is_label_value(value: &str) -> bool {
    let edge = |c: Option<char>| c.is_none_or(|c| c.is_ascii_alphanumeric());
    value.len() <= 63
        && edge(value.chars().next())
        && edge(value.chars().last())
        && value.chars().all(|c| c.is_ascii_alphanumeric() || matches!(c, '-' | '_' | '.'))
}
