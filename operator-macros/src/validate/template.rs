//! What `#[node_type(…)]` says of nodes, on a struct and on a field alike.

use syn::ext::IdentExt;

use super::{mounts::mounts, names, quantity::is_size, unique};
use crate::{
    attrs::Text,
    errors::{Errors, suggestion},
    model::{Check, Port, Storage, Template, Workload},
};

/// The rules that need nothing but the attribute itself.
pub fn template(template: &Template, errors: &Errors) {
    ports(&template.ports, errors);
    storage(template, errors);
    mounts(&template.storage, &template.configs, errors);
    variables(template, errors);
    for probe in template.probes() {
        if let Check::Http { path, .. } = &probe.check
            && !path.starts_with('/')
        {
            errors.at(&path.span(), format!("the path of a probe is absolute: write \"/{}\"", path.as_str()));
        }
    }
    if let Some(image) = &template.image {
        not_empty("image", image, errors);
    }
}

/// Probes may only name ports of the attribute itself: it is the whole of the node type.
pub fn probes_name_own_ports(template: &Template, errors: &Errors) {
    let names: Vec<_> = template.ports.iter().map(|port| port.name.as_str()).collect();
    for probe in template.probes() {
        let (Check::Http { port: Some(port), .. } | Check::Tcp { port }) = &probe.check else {
            continue;
        };
        if names.contains(&port.as_str()) {
            continue;
        }
        let port_name = port.as_str();
        let advice = if names.is_empty() {
            format!("declare it with port(name = \"{port_name}\", number = 8080)")
        } else {
            suggestion(port, &names)
        };
        errors.at(&port.span(), format!("this node type has no port `{port_name}`; {advice}"));
    }
}

fn ports(ports: &[Port], errors: &Errors) {
    for port in ports {
        names::port(&port.name, errors);
    }
    unique(ports.iter().map(|port| &port.name), errors, |name| {
        format!("another port is called `{name}` already: give this one another name")
    });
    let mut numbered: Vec<(&str, u16)> = Vec::new();
    for port in ports {
        let Some(number) = &port.number else { continue };
        if let Some((name, number_text)) = numbered.iter().find(|(_, earlier)| *earlier == **number) {
            let message = format!("port `{name}` has the number {number_text} already: give this one another");
            errors.at(&number.span(), message);
        }
        numbered.push((&port.name, **number));
    }
}

fn storage(template: &Template, errors: &Errors) {
    let deployment = template.workload.filter(|workload| **workload == Workload::Deployment);
    for Storage { name, size, class, .. } in &template.storage {
        names::label("a name of storage", name, errors);
        if !is_size(size) {
            let message = format!("`{}` isn't a size: write a number with a unit, such as \"50Gi\"", size.as_str());
            errors.at(&size.span(), message);
        }
        if let Some(class) = class {
            not_empty("class", class, errors);
        }
        if deployment.is_some() {
            let advice = "write workload = \"StatefulSet\", or leave out the storage";
            errors.at(&name.span(), format!("the pods of a Deployment have no storage of their own: {advice}"));
        }
    }
    unique(template.storage.iter().map(|storage| &storage.name), errors, |name| {
        format!("other storage is called `{name}` already: give this one another name")
    });
}

fn variables(template: &Template, errors: &Errors) {
    let is_called = |key: &str| template.env.iter().any(|(name, _)| name == key);
    if template.env.len() == 2 && is_called("name") && is_called("value") {
        let [name, value] = ["name", "value"]
            .map(|key| template.env.iter().find(|(name, _)| name == key).map_or("", |(_, value)| value.as_str()));
        errors.at(&template.env[0].0, format!("`env` takes the variables themselves: env({name} = \"{value}\")"));
        return;
    }
    let mut seen = Vec::new();
    for (name, _) in &template.env {
        let name_text = name.unraw().to_string();
        if !names::variable(&name_text) {
            errors.at(name, not_a_variable(&name_text));
        }
        if seen.contains(&name_text) {
            errors.at(name, format!("the variable `{name_text}` is set twice: keep one of them"));
        }
        seen.push(name_text);
    }
    if let Some(name) = &template.config_hash_env {
        if !names::variable(name) {
            errors.at(&name.span(), not_a_variable(name));
        }
        if seen.iter().any(|variable| variable == name.as_str()) {
            errors.at(&name.span(), format!("`env` sets `{}` already: give the hash another variable", name.as_str()));
        }
    }
}

fn not_a_variable(name: &str) -> String {
    format!("`{name}` can't be an environment variable: letters, digits and `_`, no digit first, such as CONFIG_HASH")
}

fn not_empty(key: &str, value: &Text, errors: &Errors) {
    if value.trim().is_empty() {
        errors.at(&value.span(), format!("`{key}` is empty: say which, or leave it out"));
    }
}
