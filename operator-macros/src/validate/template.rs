//! What `#[node_type(…)]` says of nodes, on a struct and on a field alike.

use super::{
    mounts::mounts, names, not_empty, ports::ports, quantity::is_size, references::references, unique,
    variables::variables,
};
use crate::{
    errors::Errors,
    model::{Rule, Storage, Template, Workload},
};

/// The rules that need nothing but the attribute itself, and the struct that it is on.
pub fn template(template: &Template, errors: &Errors) {
    ports(template, errors);
    storage(template, errors);
    mounts(template, errors);
    variables(template, errors);
    references(template, errors);
    rules(&template.rules, errors);
    unique(&template.talks_to, errors, |name| format!("`{name}` is given twice: keep one of them"));
    if let Some(image) = &template.image {
        not_empty("image", image, errors);
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
            let advice = "write workload = \"StatefulSet\", or leave out the storage";
            errors.at(&name.span(), format!("the pods of a {:?} have no storage of their own: {advice}", *workload));
        }
    }
    unique(template.storage.iter().map(|storage| &storage.name), errors, |name| {
        format!("other storage is called `{name}` already: give this one another name")
    });
}

fn rules(rules: &[Rule], errors: &Errors) {
    for Rule { resources, verbs, .. } in rules {
        for (texts, advice) in [
            (resources, "a resource is empty: name it, such as \"pods\""),
            (verbs, "a verb is empty: name it, such as \"get\""),
        ] {
            for text in texts.iter().filter(|text| text.trim().is_empty()) {
                errors.at(&text.span(), advice);
            }
        }
    }
}
