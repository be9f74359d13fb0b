//! The messages about names; the rules are operator-definition's.

use operator_definition::names::{
    is_label, is_label_key, is_label_value, is_port_name, is_subdomain, is_variable, is_version,
};
use syn::spanned::Spanned;

use crate::{attrs::Text, errors::Errors};

/// At most 63 lower-case letters, digits and `-`: a DNS label (RFC 1123).
pub fn label(what: &str, name: &Text, errors: &Errors) {
    if !is_label(name) {
        let rule = "at most 63 lower-case letters, digits and `-`, with a letter or digit at both ends";
        errors.at(&name.span(), refusal(what, name, rule));
    }
}

/// A DNS label that starts with a letter (RFC 1035): what the API server asks of the names of a kind.
pub fn letter_first(what: &str, name: &Text, errors: &Errors) {
    if !is_label(name) || !name.starts_with(|first: char| first.is_ascii_lowercase()) {
        let rule = "at most 63 lower-case letters, digits and `-`, with a letter first and a letter or digit last";
        errors.at(&name.span(), refusal(what, name, rule));
    }
}

/// Labels with dots between them, at least one dot.
pub fn group(name: &Text, errors: &Errors) {
    if !is_subdomain(name) || !name.contains('.') {
        let rule = "a domain name of yours in lower case, such as `druid.example.com`";
        errors.at(&name.span(), format!("`{}` can't be a group: it must be {rule}", name.as_str()));
    } else if ["k8s.io", "kubernetes.io"].iter().any(|own| name.as_str() == *own || name.ends_with(&format!(".{own}")))
    {
        let advice = "take a domain name of your own, such as `druid.example.com`";
        errors.at(&name.span(), format!("groups in `k8s.io` and `kubernetes.io` are Kubernetes' own: {advice}"));
    }
}

/// `v1`, `v1beta1`, `v1alpha1`: <https://kubernetes.io/docs/reference/using-api/#api-versioning>.
pub fn version(name: &Text, errors: &Errors) {
    if !is_version(name) {
        let rule = "it is `v` and a number, and while it may change `alpha` or `beta` and a number: `v1alpha1`, `v1`";
        errors.at(&name.span(), format!("`{}` can't be a version: {rule}", name.as_str()));
    }
}

/// Upper camel case.
pub fn kind(name: &Text, errors: &Errors) {
    let alphanumeric = name.len() <= 63 && name.chars().all(|c| c.is_ascii_alphanumeric());
    if !alphanumeric || !name.starts_with(|first: char| first.is_ascii_uppercase()) {
        let upper: String = words(name).map(|word| capitalised(&word)).collect();
        let advice = if upper.starts_with(|first: char| first.is_ascii_uppercase()) {
            format!(": write \"{upper}\"")
        } else {
            ", such as `Druid`".to_owned()
        };
        errors.at(&name.span(), format!("`{}` can't be a kind: it must be in UpperCamelCase{advice}", name.as_str()));
    }
}

/// An IANA service name (RFC 6335): what Kubernetes asks of a container's ports.
pub fn port(name: &Text, errors: &Errors) {
    if !is_port_name(name) {
        let rule = "at most 15 lower-case letters, digits and single `-`, with at least one letter";
        errors.at(&name.span(), refusal_of_key("a port's name", name, rule));
    }
}

/// The key of a label or annotation: a name, after a domain name and `/` where it isn't for private use.
pub fn qualified(what: &str, key: &Text, errors: &Errors) {
    if !is_label_key(key) {
        let rule = "at most 63 letters, digits, `-`, `_` and `.`, best after a domain name in lower case, as in \"example.com/team\"";
        errors.at(&key.span(), format!("`{}` can't be the key of {what}s: {rule}", key.as_str()));
    }
}

/// The value of a label.
pub fn label_value(value: &Text, errors: &Errors) {
    if !is_label_value(value) {
        let rule = "at most 63 letters, digits, `-`, `_` and `.`, with a letter or digit at both ends";
        let message =
            format!("`{}` can't be the value of a label: {rule}; longer texts are annotations", value.as_str());
        errors.at(&value.span(), message);
    }
}

/// The name of an environment variable.
pub fn variable(name: &str, token: &impl Spanned, errors: &Errors) {
    if !is_variable(name) {
        let rule = "letters, digits and `_`, no digit first, such as CONFIG_HASH";
        errors.at(token, format!("`{name}` can't be an environment variable: {rule}"));
    }
}

fn refusal(what: &str, name: &str, rule: &str) -> String {
    let proposal = proposal(name).map_or_else(String::new, |proposal| format!("; write \"{proposal}\""));
    format!("`{name}` can't be {what}: {rule}{proposal}")
}

/// Of a name that is written as a key, with `_` for `-`.
fn refusal_of_key(what: &str, name: &str, rule: &str) -> String {
    let proposal =
        proposal(name).map_or_else(String::new, |proposal| format!("; write {}", proposal.replace('-', "_")));
    format!("`{name}` can't be {what}: {rule}{proposal}")
}

fn proposal(name: &str) -> Option<String> {
    let proposal = words(name).collect::<Vec<_>>().join("-");
    (is_label(&proposal) && proposal != name).then_some(proposal)
}

/// The words of a name, in lower case.
fn words(name: &str) -> impl Iterator<Item = String> {
    let mut words = vec![String::new()];
    let mut last = ' ';
    for c in name.chars() {
        let begins = !c.is_ascii_alphanumeric() || (c.is_ascii_uppercase() && last.is_ascii_lowercase());
        if begins {
            words.push(String::new());
        }
        if let (true, Some(word)) = (c.is_ascii_alphanumeric(), words.last_mut()) {
            word.push(c.to_ascii_lowercase());
        }
        last = c;
    }
    words.into_iter().filter(|word| !word.is_empty())
}

fn capitalised(word: &str) -> String {
    let mut characters = word.chars();
    characters.next().map(|first| first.to_ascii_uppercase()).into_iter().chain(characters).collect()
}

#[cfg(test)]
mod tests {
    use proc_macro2::Span;

    use super::*;

    fn accepts(rule: impl Fn(&Text, &Errors), name: &str) -> bool {
        let errors = Errors::default();
        rule(&Text::new(name.to_owned(), Span::call_site()), &errors);
        errors.finish().is_none()
    }

    #[test]
    fn a_group_is_a_domain_of_the_authors_own() {
        assert!(accepts(group, "druid.example.com"));
        for name in ["", "druid", "druid.", ".com", "Druid.example.com", "druid_x.example.com", "apps.k8s.io", "k8s.io"]
        {
            assert!(!accepts(group, name), "{name}");
        }
    }

    #[test]
    fn a_kind_is_in_upper_camel_case() {
        assert!(accepts(kind, "Druid") && accepts(kind, "ClickHouse2"));
        for name in ["", "druid", "Druid-Cluster", "2Druid", "Dru_id"] {
            assert!(!accepts(kind, name), "{name}");
        }
    }

    #[test]
    fn a_refused_name_comes_with_one_that_is_right() {
        let rule = "…";
        assert!(refusal("a name", "Hot_Tier", rule).ends_with("; write \"hot-tier\""));
        assert!(refusal("a name", "hotTier", rule).ends_with("; write \"hot-tier\""));
        assert!(refusal("a name", "", rule).ends_with('…'));
    }
}
