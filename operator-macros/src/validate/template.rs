//! What `#[node_type(…)]` says of nodes, on a struct and on a field alike.

use operator_definition::{NAMED, Workload, reference::Reference};

use super::{
    mounts::mounts, names, not_empty, ports::ports, quantity::is_size, references::references, unique,
    variables::variables,
};
use crate::{
    attrs::Text,
    errors::{Errors, suggestion},
    model::{Rule, Storage, Template, plural_of},
};

/// The rules that need nothing but the attribute itself, and the struct that it is on.
pub fn template(template: &Template, errors: &Errors) {
    ports(template, errors);
    storage(template, errors);
    mounts(template, errors);
    variables(template, errors);
    references(template, errors);
    objects(template, errors);
    rules(&template.rules, errors);
    unique(&template.talks_to, errors, |name| format!("`{name}` is given twice: keep one of them"));
    if let Some(image) = &template.image {
        not_empty("image", image, errors);
    }
}

/// Labels that every child has.
const OWN: [&str; 4] = [
    "app.kubernetes.io/name",
    "app.kubernetes.io/instance",
    "app.kubernetes.io/component",
    "app.kubernetes.io/managed-by",
];

/// What a node's objects and containers are called, and how its pods are selected.
fn objects(template: &Template, errors: &Errors) {
    if let Some(text) = &template.object_name {
        named(text, "an object's name", errors, |part| {
            part.chars().all(|c| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '-')
        });
        let is_end = |c: char| c == '-';
        if text.starts_with(is_end)
            || text.ends_with(is_end)
            || text.starts_with("${node.key}")
            || text.starts_with(|c: char| c.is_ascii_digit())
        {
            let message = "an object's name starts with a letter, also where a key starts with a digit, and ends with a letter or digit";
            errors.at(&text.span(), message);
        }
        if !text.contains("${cluster.name}") {
            let message = "objects of all clusters in a namespace have this name: add `${cluster.name}` to it";
            errors.at(&text.span(), message);
        }
    }
    if let Some(name) = &template.container {
        names::label("a container's name", name, errors);
    }
    for (key, text) in &template.selector {
        names::qualified("label", key, errors);
        if OWN.contains(&key.as_str()) {
            let message = format!(
                "`{}` is a label of the operator's own, with a value of its own: select by another one",
                key.as_str()
            );
            errors.at(&key.span(), message);
        }
        named(text, "the value of a label", errors, |part| {
            part.chars().all(|c| c.is_ascii_alphanumeric() || ['-', '_', '.'].contains(&c))
        });
    }
    if !template.selector.is_empty() && !template.selector.iter().any(|(_, text)| text.as_str() == "${cluster.name}") {
        let (key, _) = &template.selector[0];
        let message = "the selector can select pods of another cluster in the namespace: add a label with the value \"${cluster.name}\"";
        errors.at(&key.span(), message);
    }
    unique(template.selector.iter().map(|(key, _)| key), errors, |key| {
        format!("`{key}` is given twice: keep one of them")
    });
}

/// A text with references of [`NAMED`], and parts that are right in between.
fn named(text: &Text, what: &str, errors: &Errors, is_right: impl Fn(&str) -> bool) {
    let mut rest = text.as_str();
    let wrong = |advice: String| errors.at(&text.span(), format!("`{}` can't be {what}: {advice}", text.as_str()));
    while let Some(reference) = Reference::first_of(rest) {
        if !is_right(reference.before) {
            break;
        }
        match reference.after {
            Some(after) if NAMED.contains(&reference.inside) => rest = after,
            _ => {
                let known = NAMED.map(|name| format!("`${{{name}}}`")).join(", ");
                return wrong(format!("it may have {known}, and no other reference"));
            }
        }
    }
    if !is_right(rest) {
        wrong("between references, it has letters, digits and `-` only".to_owned());
    }
}

fn storage(template: &Template, errors: &Errors) {
    let without_storage = template.workload.filter(|workload| **workload != Workload::StatefulSet);
    for Storage { name, size, class, .. } in &template.storage {
        names::label("a name of storage", name, errors);
        if !is_size(size) {
            let message = format!("`{}` isn't a size: write a number with a unit, such as \"50Gi\"", size.as_str());
            errors.at(&size.span(), message);
        }
        if let Some(class) = class {
            not_empty("class", class, errors);
        }
        if let Some(workload) = without_storage {
            let advice = "write workload = StatefulSet, or leave out the storage";
            errors.at(&name.span(), format!("the pods of a {:?} have no storage of their own: {advice}", *workload));
        }
    }
    unique(template.storage.iter().map(|storage| &storage.name), errors, |name| {
        format!("other storage is called `{name}` already: give this one another name")
    });
}

/// Of RBAC: those of requests, and those that the API server asks about by itself.
/// Source: <https://kubernetes.io/docs/reference/access-authn-authz/authorization/#determine-the-request-verb>.
const VERBS: [&str; 15] = [
    "get",
    "list",
    "watch",
    "create",
    "update",
    "patch",
    "delete",
    "deletecollection",
    "use",
    "bind",
    "escalate",
    "impersonate",
    "approve",
    "sign",
    "*",
];

fn rules(rules: &[Rule], errors: &Errors) {
    for Rule { groups, resources, verbs } in rules {
        groups.iter().for_each(|name| group(name, errors));
        resources.iter().for_each(|name| resource(name, errors));
        for verb in verbs.iter().filter(|verb| !VERBS.contains(&verb.as_str())) {
            if verb.trim().is_empty() {
                errors.at(&verb.span(), "a verb is empty: name it, such as \"get\"");
            } else {
                let message = format!("RBAC knows no verb `{}`; {}", verb.as_str(), suggestion(verb, &VERBS));
                errors.at(&verb.span(), message);
            }
        }
    }
}

/// An API group, without a version.
fn group(name: &Text, errors: &Errors) {
    if let Some((group, _)) = name.split_once('/') {
        errors.at(&name.span(), format!("a rule is about all versions of a group: write \"{group}\""));
    } else if ["core", "v1"].contains(&name.as_str()) {
        errors
            .at(&name.span(), "the core group has no name: write \"\", or leave out `groups` where it is the only one");
    }
}

/// A resource as in URLs, optionally with a subresource: `pods/log`.
fn resource(name: &Text, errors: &Errors) {
    let lower = name.to_lowercase();
    let (resource, rest) = lower.find('/').map_or((lower.as_str(), ""), |at| lower.split_at(at));
    let plural = plural_of(resource);
    let singular = RESOURCES.contains(&plural.as_str());
    if name.trim().is_empty() {
        errors.at(&name.span(), "a resource is empty: name it, such as \"pods\"");
    } else if singular || lower != name.as_str() {
        let right = if singular { format!("{plural}{rest}") } else { lower };
        errors.at(&name.span(), format!("a resource is the plural in lower case, as in URLs: write \"{right}\""));
    }
}

/// Those that pods mostly look at; their singulars are nothing.
const RESOURCES: [&str; 15] = [
    "pods",
    "services",
    "configmaps",
    "secrets",
    "events",
    "persistentvolumeclaims",
    "serviceaccounts",
    "deployments",
    "statefulsets",
    "daemonsets",
    "jobs",
    "cronjobs",
    "leases",
    "endpointslices",
    "ingresses",
];
