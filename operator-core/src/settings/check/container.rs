//! Settings of a node's container.

use super::Checked;
use crate::settings::EnvVar;

pub fn check(node: &mut Checked<'_>) {
    if node.spec.settings.image.as_deref().unwrap_or_default().is_empty() {
        node.wrong("image", "no image: set it here, in a config group, or for the whole cluster");
    }
    resources(node);
    environment(node);
}

fn resources(node: &mut Checked<'_>) {
    for (name, request) in node.spec.settings.resources.iter().flat_map(|resources| &resources.requests) {
        if let Some(limit) = node.spec.settings.resources.as_ref().and_then(|resources| resources.limits.get(name))
            && request > limit
        {
            node.wrong(
                "resources",
                format!("the {name} request {request} is above the limit {limit} (after merging all layers)"),
            );
        }
    }
}

fn environment(node: &mut Checked<'_>) {
    for EnvVar { name, value, value_from } in &node.spec.settings.env {
        if name.is_empty() || !name.chars().all(|c| c.is_ascii_graphic() && c != '=') {
            node.wrong("env", format!("`{name}` can't be the name of an environment variable"));
        }
        if value.as_ref().is_some_and(|value| !value.is_empty()) && value_from.is_some() {
            node.wrong("env", format!("`{name}` has both value and valueFrom; drop one"));
        }
    }
}
