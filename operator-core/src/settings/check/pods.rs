//! Settings of a node's pods, for every workload.

use std::collections::HashSet;

use super::Checked;
use crate::{
    definition::names::{is_label_key, is_label_value},
    model::labels,
    settings::json::name,
};

pub fn check(node: &mut Checked<'_>) {
    labels(node);
    tolerations(node);
    containers(node);
}

fn labels(node: &mut Checked<'_>) {
    let settings = &node.spec.settings;
    let no_label =
        |key: &str, value: &str| format!("`{key}: {value}` is no label: letters, digits, `-`, `_` and `.`, at most 63");
    let own = [labels::NAME, labels::INSTANCE, labels::COMPONENT, labels::MANAGED_BY];
    let group = node.definition.group;
    let selector = node.node_type.selector();
    let is_of_group = |key: &str| key.strip_prefix(group).is_some_and(|rest| rest.starts_with('/'));
    let is_own = |key: &str| own.contains(&key) || selector.iter().any(|(own, _)| *own == key) || is_of_group(key);
    for (field, labels) in [("podLabels", &settings.pod_labels), ("nodeSelector", &settings.node_selector)] {
        for (key, value) in labels.iter().filter(|(key, value)| !is_label_key(key) || !is_label_value(value)) {
            node.wrong(field, no_label(key, value));
        }
    }
    for key in settings.pod_labels.keys() {
        if is_own(key) {
            node.wrong("podLabels", format!("`{key}` is the operator's own: pods are selected by it; use another key"));
        }
    }
    for key in settings.pod_annotations.keys() {
        if own.contains(&key.as_str()) || is_of_group(key) {
            node.wrong("podAnnotations", format!("`{key}` is the operator's own; use another key"));
        }
        if !is_label_key(key) {
            node.wrong("podAnnotations", format!("`{key}` can't be an annotation's key"));
        }
    }
}

fn tolerations(node: &mut Checked<'_>) {
    for toleration in node.spec.settings.tolerations.iter().flatten() {
        let exists = toleration.operator.as_deref() == Some("Exists");
        if toleration.key.as_deref().unwrap_or_default().is_empty() && !exists {
            node.wrong("tolerations", "a toleration without a key needs `operator: Exists`");
        }
        if exists && toleration.value.as_ref().is_some_and(|value| !value.is_empty()) {
            node.wrong("tolerations", "a toleration with `operator: Exists` takes no value");
        }
        if toleration.toleration_seconds.is_some() && toleration.effect.as_deref() != Some("NoExecute") {
            node.wrong("tolerations", "tolerationSeconds goes with `effect: NoExecute` only");
        }
    }
}

/// All containers of a pod share their names.
fn containers(node: &mut Checked<'_>) {
    let settings = &node.spec.settings;
    let main = node.node_type.container();
    let init = settings.init_containers.iter().map(|container| ("initContainers", name(container)));
    let beside = settings.sidecars.iter().map(|container| ("sidecars", name(container)));
    let mut seen = HashSet::new();
    for (field, container) in init.chain(beside) {
        if container == main {
            let message =
                format!("`{main}` is the node's own container; use another name, or change it by podOverrides");
            node.unfit(field, message);
        } else if !seen.insert(container) {
            node.wrong(field, format!("there are two containers `{container}`; rename one"));
        }
    }
}
