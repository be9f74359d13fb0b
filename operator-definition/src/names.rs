//! Names as Kubernetes wants them: <https://kubernetes.io/docs/concepts/overview/working-with-objects/names/>.

/// At most 63 lower-case letters, digits and `-`, with a letter or digit at both ends: a DNS label (RFC 1123).
pub fn is_label(name: &str) -> bool {
    (1..=63).contains(&name.len())
        && name.chars().all(|c| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '-')
        && !name.starts_with('-')
        && !name.ends_with('-')
}

/// DNS labels with dots between them, at most 253 characters: a DNS subdomain (RFC 1123).
pub fn is_subdomain(name: &str) -> bool {
    name.len() <= 253 && name.split('.').all(is_label)
}

/// A DNS label of at most 15 characters, with a letter and without `--`: an IANA service name (RFC 6335).
pub fn is_port_name(name: &str) -> bool {
    name.len() <= 15 && is_label(name) && name.chars().any(|c| c.is_ascii_lowercase()) && !name.contains("--")
}

/// `v1`, `v1beta1`, `v1alpha1`: <https://kubernetes.io/docs/reference/using-api/#api-versioning>.
pub fn is_version(name: &str) -> bool {
    let number = |text: &str| !text.is_empty() && !text.starts_with('0') && text.chars().all(|c| c.is_ascii_digit());
    let Some(rest) = name.strip_prefix('v') else {
        return false;
    };
    match rest.split_once("alpha").or_else(|| rest.split_once("beta")) {
        Some((major, minor)) => number(major) && number(minor),
        None => number(rest),
    }
}

/// The key of a label or annotation: a name, after a DNS subdomain and `/` where it isn't for private use.
pub fn is_label_key(key: &str) -> bool {
    let (prefix, name) = key.split_once('/').map_or((None, key), |(prefix, name)| (Some(prefix), name));
    !name.is_empty() && is_label_value(name) && prefix.is_none_or(is_subdomain)
}

/// The value of a label: at most 63 letters, digits, `-`, `_` and `.`, with a letter or digit at both ends, or nothing.
pub fn is_label_value(value: &str) -> bool {
    let end = |c: char| c.is_ascii_alphanumeric();
    let inner = value.chars().all(|c| c.is_ascii_alphanumeric() || ['-', '_', '.'].contains(&c));
    value.is_empty() || (value.len() <= 63 && inner && value.starts_with(end) && value.ends_with(end))
}

/// A key in the data of a ConfigMap or Secret: at most 253 letters, digits, `-`, `_` and `.`.
pub fn is_data_key(name: &str) -> bool {
    let allowed = |c: char| c.is_ascii_alphanumeric() || ['-', '_', '.'].contains(&c);
    (1..=253).contains(&name.len()) && name.chars().all(allowed) && name != "." && !name.starts_with("..")
}

/// Name of an environment variable that a shell can use: letters, digits and `_`, no digit first.
pub fn is_variable(name: &str) -> bool {
    name.starts_with(|first: char| first.is_ascii_alphabetic() || first == '_')
        && name.chars().all(|c| c.is_ascii_alphanumeric() || c == '_')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn versions_are_those_that_kubernetes_can_order() {
        for version in ["v1", "v2", "v1alpha1", "v1beta2", "v10beta12"] {
            assert!(is_version(version), "{version}");
        }
        for version in ["", "1", "v", "v0", "v1alpha", "v1alpha0", "v1gamma1", "V1", "v1.2", "valpha1"] {
            assert!(!is_version(version), "{version}");
        }
    }

    #[test]
    fn a_port_has_an_iana_service_name() {
        for name in ["http", "a", "http-2", "9p", "abcdefghijklmno"] {
            assert!(is_port_name(name), "{name}");
        }
        for name in ["", "abcdefghijklmnop", "HTTP", "-a", "a-", "a--b", "80", "a_b"] {
            assert!(!is_port_name(name), "{name}");
        }
    }

    #[test]
    fn labels_and_annotations_have_qualified_keys() {
        for key in ["team", "example.com/team", "a.b/C_d.e-f", "x/y"] {
            assert!(is_label_key(key), "{key}");
        }
        for key in ["", "/a", "a/", "Example.com/a", "a/b/c", "a b", "-a", "a_", "example..com/a"] {
            assert!(!is_label_key(key), "{key}");
        }
        for value in ["", "a", "v1.2_3-x"] {
            assert!(is_label_value(value), "{value}");
        }
        for value in ["data team", "-a", "a.", &"a".repeat(64)] {
            assert!(!is_label_value(value), "{value}");
        }
    }

    #[test]
    fn keys_of_data_are_names_of_files() {
        for key in ["a", ".a", "a..b", "tls.crt", &"a".repeat(253)] {
            assert!(is_data_key(key), "{key}");
        }
        for key in ["", ".", "..", "..a", "a/b", "ä", &"a".repeat(254)] {
            assert!(!is_data_key(key), "{key}");
        }
    }
}
