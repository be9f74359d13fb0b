//! A struct that derives DataOperator.

use syn::{Data, DeriveInput};

use super::{
    crd::crd,
    external::externals,
    mounts::{files, secret_files},
    names, not_empty,
    references::references_within,
    shape::is_struct_with_fields,
    template::template,
    unique,
    variables::of_secrets,
};
use crate::{
    attrs::Setting,
    errors::{Errors, suggestion},
    model::Operator,
};

/// The rules of a struct that derives DataOperator.
pub fn operator(operator: &Operator, input: &DeriveInput, errors: &Errors) {
    shape(input, errors);
    kind(operator, errors);
    crd(&operator.crd, operator.fields.as_deref(), errors);
    settings(operator, errors);
    files(&operator.configs, errors);
    secret_files(&operator.secrets, &operator.configs, &[], errors);
    of_secrets(&operator.secrets, &[], errors);
    externals(&operator.externals, errors);
    node_types(operator, errors);
}

fn shape(input: &DeriveInput, errors: &Errors) {
    let advice = "derive DataOperator on a struct with named fields";
    match &input.data {
        Data::Struct(data) => is_struct_with_fields(&data.fields, &input.ident, &input.generics, errors),
        Data::Enum(data) => errors.at(&data.enum_token, format!("a cluster's spec can't be an enum: {advice}")),
        Data::Union(data) => errors.at(&data.union_token, format!("a cluster's spec can't be a union: {advice}")),
    }
}

fn kind(operator: &Operator, errors: &Errors) {
    names::group(&operator.group, errors);
    names::version(&operator.version, errors);
    names::kind(&operator.kind, errors);
    // By default both are the kind in lower case, which is judged already.
    let lower = operator.kind.to_lowercase();
    if *operator.singular != lower {
        names::letter_first("a singular", &operator.singular, errors);
    }
    if !operator.plural.starts_with(&lower) || operator.plural.len() > 63 {
        names::letter_first("a plural", &operator.plural, errors);
    }

    if operator.root == operator.spec {
        let name = &operator.spec;
        let advice = format!("call the struct `{name}Spec`, or the custom resource otherwise with root = \"…\"");
        errors.at(
            &operator.root,
            format!("`{name}` is the name of this struct, and can't be the custom resource's too: {advice}"),
        );
    }
}

fn settings(operator: &Operator, errors: &Errors) {
    for (key, setting) in Setting::ALL {
        for field in operator.settings.iter().filter(|field| field.setting == setting).skip(1) {
            errors.at(&field.span, format!("another field is #[operator({key})] already: keep one of them"));
        }
    }
    let groups = [Setting::ConfigGroups, Setting::AppConfigGroups].map(|setting| operator.setting(setting));
    let names: Vec<_> = groups.into_iter().flatten().filter_map(|field| field.by.as_ref()).collect();
    names.iter().for_each(|by| not_empty("by", by, errors));
    if let [one, other] = names.as_slice()
        && one.as_str() == other.as_str()
    {
        let message = format!("nodes refer to other groups by `{}` already: give these another name", other.as_str());
        errors.at(&other.span(), message);
    }
}

fn node_types(operator: &Operator, errors: &Errors) {
    let node_types = &operator.node_types;
    let names: Vec<_> = node_types.iter().map(|node_type| node_type.name.as_str()).collect();
    // Enums have further ones, which only the compiler knows.
    let is_all = operator.shared.is_empty();
    let of_configs = operator.configs.iter().flat_map(|config| &config.readers);
    let readers = of_configs.chain(operator.secrets.iter().flat_map(|secret| &secret.readers));
    let talked_to = node_types.iter().map(|node_type| &node_type.place).chain([&operator.every_node]);
    let named = talked_to.flat_map(|layer| &layer.talks_to).chain(readers);
    for name in named.filter(|name| is_all && !names.contains(&name.as_str())) {
        let message = format!("the cluster has no node type `{}`; {}", name.as_str(), suggestion(name, &names));
        errors.at(&name.span(), message);
    }
    for layer in node_types.iter().map(|node_type| &node_type.place).chain([&operator.every_node]) {
        template(layer, errors);
        references_within(layer, operator, errors);
    }
    for node_type in node_types {
        names::label("a node type's name", &node_type.name, errors);
    }
    unique(node_types.iter().map(|one| &one.name), errors, |name| {
        format!("another node type is called `{name}` already: give this one another name, with name = \"…\"")
    });
}
