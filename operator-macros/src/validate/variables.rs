//! Environment variables.

use syn::ext::IdentExt;

use super::names;
use crate::{
    attrs::{Text, overlap},
    errors::Errors,
    model::{SecretField, Template},
};

/// The variables that an attribute sets, and those of the struct's secrets.
pub fn variables(template: &Template, errors: &Errors) {
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
        names::variable(&name_text, name, errors);
        if seen.contains(&name_text) {
            errors.at(name, format!("the variable `{name_text}` is set twice: keep one of them"));
        }
        seen.push(name_text);
    }
    if let Some(name) = &template.config_hash_env {
        names::variable(name, &name.span(), errors);
        if seen.iter().any(|variable| variable == name.as_str()) {
            errors.at(&name.span(), format!("`env` sets `{}` already: give the hash another variable", name.as_str()));
        }
        seen.push(name.to_string());
    }
    of_secrets(&template.secrets, &seen, errors);
}

/// The variables of secrets; `taken` are set otherwise.
pub fn of_secrets(secrets: &[SecretField], taken: &[String], errors: &Errors) {
    let mut others: Vec<(&Text, &[Text])> = Vec::new();
    for secret in secrets {
        let Some(name) = &secret.env else { continue };
        names::variable(name, &name.span(), errors);
        if taken.iter().any(|variable| variable == name.as_str()) {
            let advice = "give the secret another, or leave that one out";
            errors.at(&name.span(), format!("#[node_type] sets the variable `{}` already: {advice}", name.as_str()));
        }
        // Fields under `cfg` may exclude each other.
        if secret.cfgs.is_empty() {
            let is_same = |(other, readers): &(&Text, &[Text])| {
                other.as_str() == name.as_str() && overlap(readers, &secret.readers)
            };
            if others.iter().any(is_same) {
                let message = format!("another secret is in `{}` already: give this one another", name.as_str());
                errors.at(&name.span(), message);
            }
            others.push((name, &secret.readers));
        }
    }
}
