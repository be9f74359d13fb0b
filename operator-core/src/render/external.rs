//! What a cluster depends on and the operator doesn't run: fields marked `#[external(…)]`, with their addresses.

use std::{fmt, net::Ipv6Addr};

use serde_json::Value;

use crate::{
    crd::parts::MOST,
    definition::{Definition, External, ExternalCheck},
    settings::{Invalid, all_or_errors},
};

/// An external that the spec names.
#[derive(Clone, Debug)]
pub struct Dependency {
    /// What the definition says of it.
    pub external: &'static External,
    /// What the spec says of it.
    pub value: Value,
    /// Where it is; empty for a check of the author's own.
    pub addresses: Vec<Address>,
}

/// A host and a port.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Address {
    /// Name or IP address, without brackets.
    pub host: String,
    /// 1 to 65535.
    pub port: u16,
}

impl fmt::Display for Address {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { host, port } = self;
        if host.contains(':') { write!(f, "[{host}]:{port}") } else { write!(f, "{host}:{port}") }
    }
}

/// The externals that a spec names. One that isn't there, or is `null`, isn't depended on.
///
/// # Errors
/// Addresses that can't be read, each with its path.
pub fn read(definition: &Definition, spec: &Value) -> Result<Vec<Dependency>, Vec<Invalid>> {
    let named = definition.externals.iter().filter_map(|external| Some((external, value(external, spec)?)));
    let dependencies = named.map(|(external, value)| {
        let addresses = match external.check {
            ExternalCheck::Function(_) => Ok(Vec::new()),
            ExternalCheck::Tcp | ExternalCheck::Http(_) => {
                value.as_str().ok_or(AddressError::NoText).and_then(addresses)
            }
        };
        match addresses {
            Ok(addresses) => Ok(Dependency { external, value: value.clone(), addresses }),
            Err(error) => Err([Invalid::new(external.at.join("."), error.to_string())]),
        }
    });
    all_or_errors(dependencies, Vec::new())
}

/// What the spec says of an external.
pub(super) fn value<'a>(external: &External, spec: &'a Value) -> Option<&'a Value> {
    external.at.iter().try_fold(spec, |value, key| value.get(key)).filter(|value| !value.is_null())
}

/// Why a text is no address: a sentence that says what to write instead.
#[derive(Debug, thiserror::Error)]
pub enum AddressError {
    /// It isn't a text.
    #[error("must be a string, `host:port`")]
    NoText,
    /// There are too many.
    #[error("has {0} addresses: name at most {MOST}, such as those of a Service in front of them")]
    Many(usize),
    /// It is a URL.
    #[error("`{0}` has a scheme: {FORM}")]
    Scheme(String),
    /// Nothing follows the host.
    #[error("`{0}` has no port: {FORM}")]
    NoPort(String),
    /// What follows the host isn't the number of a port.
    #[error("`{0}` has no port from 1 to 65535: {FORM}")]
    Port(String),
    /// What stands in brackets isn't an IPv6 address.
    #[error("`{0}` has no IPv6 address between its brackets: {FORM}")]
    Brackets(String),
    /// An IPv6 address needs brackets.
    #[error("`{0}` is an IPv6 address without brackets: write `[address]:port`")]
    NoBrackets(String),
    /// The host is neither a name nor an IP address.
    #[error("`{0}` has no host name: {FORM}")]
    Host(String),
}

/// How addresses are written.
const FORM: &str = "write `host:port`, several separated by commas";

/// Reads `host:port[,host:port]`, at most 16. IPv6 addresses stand in brackets, as in URLs.
///
/// # Errors
/// What is wrong and what to write instead.
pub fn addresses(text: &str) -> Result<Vec<Address>, AddressError> {
    match text.split(',').count() {
        count if count > MOST => Err(AddressError::Many(count)),
        _ => text.split(',').map(str::trim).map(address).collect(),
    }
}

fn address(text: &str) -> Result<Address, AddressError> {
    let wrong = |error: fn(String) -> AddressError| error(text.to_owned());
    if text.contains("://") {
        return Err(wrong(AddressError::Scheme));
    }
    let parts = text.rsplit_once(':').filter(|(_, port)| !port.ends_with(']'));
    let (host, port) = parts.ok_or_else(|| wrong(AddressError::NoPort))?;
    let number = port.parse().ok().filter(|number| *number > 0 && port.bytes().all(|c| c.is_ascii_digit()));
    let port = number.ok_or_else(|| wrong(AddressError::Port))?;
    let host = match host.strip_prefix('[').and_then(|host| host.strip_suffix(']')) {
        Some(host) if host.parse::<Ipv6Addr>().is_ok() => host,
        Some(_) => return Err(wrong(AddressError::Brackets)),
        None if host.contains(':') => return Err(wrong(AddressError::NoBrackets)),
        None if !is_host(host) => return Err(wrong(AddressError::Host)),
        None => host,
    };
    Ok(Address { host: host.to_owned(), port })
}

/// Source: RFC 1123; an underscore, which it doesn't know, is common in names that only containers resolve.
pub fn is_host(text: &str) -> bool {
    let is_label = |label: &str| {
        (1..=63).contains(&label.len())
            && label.bytes().all(|c| c.is_ascii_alphanumeric() || matches!(c, b'-' | b'_'))
            && !label.starts_with('-')
            && !label.ends_with('-')
    };
    // The root's dot, at the end, keeps a name from being looked up in search domains.
    let text = text.strip_suffix('.').unwrap_or(text);
    text.len() <= 253 && text.split('.').all(is_label)
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn addresses_are_hosts_with_ports() {
        let read = |text: &str| addresses(text).unwrap().iter().map(Address::to_string).collect::<Vec<_>>();
        assert_eq!(read("zookeeper:2181"), ["zookeeper:2181"]);
        assert_eq!(read("a.b.svc.cluster.local.:1, 10.0.0.1:65535"), ["a.b.svc.cluster.local.:1", "10.0.0.1:65535"]);
        assert_eq!(read("[::1]:80,[2001:db8::1]:81"), ["[::1]:80", "[2001:db8::1]:81"]);
        assert_eq!(addresses("[::1]:80").unwrap()[0].host, "::1");
    }

    #[test]
    fn a_wrong_address_is_told_what_to_write() {
        for (text, what) in [
            ("", "has no port"),
            ("zookeeper", "has no port"),
            ("a:1,", "`` has no port"),
            ("a:1,b", "`b` has no port"),
            ("a:0", "has no port from 1 to 65535"),
            ("a:65536", "has no port from 1 to 65535"),
            ("a:+1", "has no port from 1 to 65535"),
            ("a:http", "has no port from 1 to 65535"),
            (":80", "has no host name"),
            ("-a:80", "has no host name"),
            ("a b:80", "has no host name"),
            ("a..b:80", "has no host name"),
            ("http://a:80", "has a scheme"),
            ("::1:80", "without brackets"),
            ("[::1]", "has no port"),
            ("[a]:80", "has no IPv6 address"),
        ] {
            let message = addresses(text).unwrap_err().to_string();
            assert!(message.contains(what) && message.contains("write `"), "{text}: {message}");
        }
    }

    #[test]
    fn an_external_has_sixteen_addresses_at_most() {
        let many = |count| vec!["a:1"; count].join(",");
        assert_eq!(addresses(&many(16)).unwrap().len(), 16);
        assert!(addresses(&many(17)).unwrap_err().to_string().starts_with("has 17 addresses: name at most 16"));
    }

    #[test]
    fn only_what_the_spec_names_is_depended_on() {
        const fn at(name: &'static str, at: &'static [&'static str], check: ExternalCheck) -> External {
            External { name, at, check }
        }
        static DEFINITION: Definition = Definition {
            externals: &[
                at("zookeeper", &["external", "zookeeper"], ExternalCheck::Tcp),
                at("store", &["external", "store", "address"], ExternalCheck::Http("/health")),
                at("own", &["own"], ExternalCheck::Function(|_| Box::pin(async { Ok(()) }))),
            ],
            ..Definition::EMPTY
        };
        let names = |spec: Value| {
            let found = read(&DEFINITION, &spec).unwrap();
            found.iter().map(|found| (found.external.name, found.addresses.len())).collect::<Vec<_>>()
        };
        assert_eq!(names(json!({})), []);
        assert_eq!(names(json!({ "external": { "zookeeper": null, "store": {} } })), []);
        assert_eq!(
            names(json!({ "external": { "zookeeper": "a:1,b:2" }, "own": { "any": 1 } })),
            [("zookeeper", 2), ("own", 0)]
        );
        let wrong = read(&DEFINITION, &json!({ "external": { "zookeeper": "a", "store": { "address": 1 } } }));
        let wrong: Vec<String> = wrong.unwrap_err().iter().map(ToString::to_string).collect();
        assert!(wrong[0].starts_with("spec.external.zookeeper: `a` has no port"), "{wrong:?}");
        assert!(wrong[1].starts_with("spec.external.store.address: must be a string"), "{wrong:?}");
    }

    /// The pattern and the reader of addresses agree.
    #[test]
    fn the_schema_takes_the_addresses_that_are_read() {
        let pattern = regex::Regex::new(&crate::crd::parts::addresses()).unwrap();
        for text in [
            "a:1",
            "a:1 , b:2",
            " a:1,b:2 ",
            "a_b.c:65535",
            "[::1]:80,10.0.0.1:9999",
            "a:59999",
            "a:64999",
            "a:65499",
            "a:0080",
            "a:65536",
            "a:99999",
            "a:0",
            "a:100000",
            "a",
            "a:1,",
            "a:1 b:2",
            "a b:1",
            &vec!["a:1"; MOST].join(","),
            &vec!["a:1"; MOST + 1].join(","),
        ] {
            assert_eq!(pattern.is_match(text), addresses(text).is_ok(), "{text}");
        }
    }
}
