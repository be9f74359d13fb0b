//! Names as Kubernetes wants them: <https://kubernetes.io/docs/concepts/overview/working-with-objects/names/>.

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
    let labels: Vec<_> = name.split('.').collect();
    if name.len() > 253 || labels.len() < 2 || !labels.iter().all(|label| is_label(label)) {
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
    let has_letter = name.chars().any(|c| c.is_ascii_lowercase());
    if name.len() > 15 || !is_label(name) || !has_letter || name.contains("--") {
        let rule = "at most 15 lower-case letters, digits and single `-`, with at least one letter";
        errors.at(&name.span(), refusal("a port's name", name, rule));
    }
}

/// The key of a label or annotation: a name, after a domain name and `/` where it isn't for private use.
pub fn qualified(what: &str, key: &Text, errors: &Errors) {
    let (prefix, name) = key.rsplit_once('/').map_or((None, key.as_str()), |(prefix, name)| (Some(prefix), name));
    let prefix_is_right = prefix.is_none_or(|prefix| prefix.len() <= 253 && prefix.split('.').all(is_label));
    if name.is_empty() || !is_value(name) || !prefix_is_right {
        let rule = "a domain name in lower case, `/`, and at most 63 letters, digits, `-`, `_` and `.`, such as \"example.com/team\"";
        errors.at(&key.span(), format!("`{}` can't be the key of {what}s: {rule}", key.as_str()));
    }
}

/// The value of a label.
pub fn label_value(value: &Text, errors: &Errors) {
    if !is_value(value) {
        let rule = "at most 63 letters, digits, `-`, `_` and `.`, with a letter or digit at both ends";
        let message =
            format!("`{}` can't be the value of a label: {rule}; longer texts are annotations", value.as_str());
        errors.at(&value.span(), message);
    }
}

/// A name that a shell can use.
pub fn variable(name: &str) -> bool {
    name.starts_with(|first: char| first.is_ascii_alphabetic() || first == '_')
        && name.chars().all(|c| c.is_ascii_alphanumeric() || c == '_')
}

fn refusal(what: &str, name: &str, rule: &str) -> String {
    let proposal = words(name).collect::<Vec<_>>().join("-");
    let advice =
        if is_label(&proposal) && proposal != name { format!("; write \"{proposal}\"") } else { String::new() };
    format!("`{name}` can't be {what}: {rule}{advice}")
}

fn is_label(name: &str) -> bool {
    (1..=63).contains(&name.len())
        && name.chars().all(|c| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '-')
        && !name.starts_with('-')
        && !name.ends_with('-')
}

/// Empty, or what a label's value can be.
fn is_value(text: &str) -> bool {
    let ends = |c: char| c.is_ascii_alphanumeric();
    text.is_empty()
        || (text.len() <= 63
            && text.chars().all(|c| c.is_ascii_alphanumeric() || ['-', '_', '.'].contains(&c))
            && text.starts_with(ends)
            && text.ends_with(ends))
}

fn is_version(name: &str) -> bool {
    let number = |text: &str| !text.is_empty() && !text.starts_with('0') && text.chars().all(|c| c.is_ascii_digit());
    let Some(rest) = name.strip_prefix('v') else {
        return false;
    };
    match rest.split_once("alpha").or_else(|| rest.split_once("beta")) {
        Some((major, minor)) => number(major) && number(minor),
        None => number(rest),
    }
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
    fn versions_are_those_that_kubernetes_can_order() {
        for version in ["v1", "v2", "v1alpha1", "v1beta2", "v10beta12"] {
            assert!(accepts(super::version, version), "{version}");
        }
        for version in ["", "1", "v", "v0", "v1alpha", "v1alpha0", "v1gamma1", "V1", "v1.2", "valpha1"] {
            assert!(!accepts(super::version, version), "{version}");
        }
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
    fn a_port_has_an_iana_service_name() {
        for name in ["http", "a", "http-2", "9p", "abcdefghijklmno"] {
            assert!(accepts(port, name), "{name}");
        }
        for name in ["", "abcdefghijklmnop", "HTTP", "-a", "a-", "a--b", "80", "a_b"] {
            assert!(!accepts(port, name), "{name}");
        }
    }

    #[test]
    fn labels_and_annotations_have_qualified_keys() {
        for key in ["team", "example.com/team", "a.b/C_d.e-f", "x/y"] {
            assert!(accepts(|key, errors| qualified("label", key, errors), key), "{key}");
        }
        for key in ["", "/a", "a/", "Example.com/a", "a/b/c", "a b", "-a", "a_", "example..com/a"] {
            assert!(!accepts(|key, errors| qualified("label", key, errors), key), "{key}");
        }
        for value in ["", "a", "v1.2_3-x"] {
            assert!(accepts(label_value, value), "{value}");
        }
        for value in ["data team", "-a", "a.", &"a".repeat(64)] {
            assert!(!accepts(label_value, value), "{value}");
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
