//! Where checks of externals may connect to.

use std::{net::IpAddr, str::FromStr};

use ipnet::IpNet;

use crate::render::external::is_host;

/// Addresses that external checks may connect to: a network in CIDR, such as `10.0.0.0/8`, or a suffix of host names, such as `example.com`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ExternalAllow {
    /// A network; of one address, too.
    Network(IpNet),
    /// Hosts of this name, and of names that end in a dot and this.
    Hosts(String),
}

/// What can't be allowed.
#[derive(Debug, thiserror::Error)]
#[error("`{0}` is neither a network, such as `10.0.0.0/8`, nor the end of host names, such as `example.com`")]
pub struct NoPlace(String);

impl FromStr for ExternalAllow {
    type Err = NoPlace;

    fn from_str(text: &str) -> Result<Self, NoPlace> {
        match text.parse().or_else(|_| text.parse::<IpAddr>().map(IpNet::from)) {
            Ok(network) => Ok(Self::Network(network)),
            Err(_) if is_host(text) => Ok(Self::Hosts(text.trim_end_matches('.').to_ascii_lowercase())),
            Err(_) => Err(NoPlace(text.to_owned())),
        }
    }
}

/// All that may be connected to; where nothing is listed, everything but what only the operator's own machine can be asked.
#[derive(Clone, Debug, Default)]
pub struct AllowList(pub Vec<ExternalAllow>);

impl AllowList {
    /// Whether a host may be connected to at one of its addresses. A name allows no special address: whoever owns it may point it anywhere.
    pub fn permits(&self, host: &str, address: IpAddr) -> bool {
        let address = address.to_canonical();
        let is_in =
            |allow: &ExternalAllow| matches!(allow, ExternalAllow::Network(network) if network.contains(&address));
        self.0.iter().any(is_in) || (!is_special(address) && (self.0.is_empty() || self.names(host)))
    }

    /// Whether a host is out of the question whatever its address is.
    pub fn refuses(&self, host: &str) -> bool {
        match host.parse() {
            Ok(address) => !self.permits(host, address),
            Err(_) => {
                let has_networks = self.0.iter().any(|allow| matches!(allow, ExternalAllow::Network(..)));
                !self.0.is_empty() && !has_networks && !self.names(host)
            }
        }
    }

    fn names(&self, host: &str) -> bool {
        let host = host.trim_end_matches('.').to_ascii_lowercase();
        let ends = |suffix: &str| host.strip_suffix(suffix).is_some_and(|rest| rest.is_empty() || rest.ends_with('.'));
        self.0.iter().any(|allow| matches!(allow, ExternalAllow::Hosts(suffix) if ends(suffix)))
    }
}

/// Loopback, link-local (where clouds have their metadata services), unspecified, multicast and broadcast addresses, and the metadata service
/// that AWS has in IPv6.
fn is_special(address: IpAddr) -> bool {
    match address {
        IpAddr::V4(v4) => {
            v4.is_loopback() || v4.is_link_local() || v4.octets()[0] == 0 || v4.is_multicast() || v4.is_broadcast()
        }
        IpAddr::V6(v6) => {
            v6.is_loopback()
                || v6.is_unicast_link_local()
                || v6.is_unspecified()
                || v6.is_multicast()
                || v6.segments() == [0xfd00, 0xec2, 0, 0, 0, 0, 0, 0x254]
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn list(texts: &[&str]) -> AllowList {
        AllowList(texts.iter().map(|text| text.parse().unwrap()).collect())
    }

    fn permits(texts: &[&str], host: &str, address: &str) -> bool {
        list(texts).permits(host, address.parse().unwrap())
    }

    #[test]
    fn without_a_list_only_special_addresses_are_out_of_reach() {
        for address in ["10.0.0.1", "8.8.8.8", "169.253.0.1", "::ffff:10.0.0.1", "2001:db8::1", "fd00::1"] {
            assert!(permits(&[], "a", address), "{address}");
        }
        for address in [
            "127.0.0.1",
            "127.255.0.1",
            "169.254.169.254",
            "0.0.0.0",
            "0.1.2.3",
            "224.0.0.1",
            "255.255.255.255",
            "::1",
            "::",
            "fe80::1",
            "febf::1",
            "ff02::1",
            "fd00:ec2::254",
            "::ffff:127.0.0.1",
            "::ffff:169.254.169.254",
        ] {
            assert!(!permits(&[], "a", address), "{address}");
        }
    }

    #[test]
    fn a_list_allows_what_is_in_it_and_nothing_else() {
        let allowed = ["10.0.0.0/8", "2001:db8::/32", "192.0.2.7", "Example.com."];
        for (host, address) in [
            ("a", "10.255.0.1"),
            ("a", "::ffff:10.0.0.1"),
            ("a", "2001:db8:ffff::1"),
            ("a", "192.0.2.7"),
            ("example.com", "8.8.8.8"),
            ("DB.example.com.", "8.8.8.8"),
        ] {
            assert!(permits(&allowed, host, address), "{host} {address}");
        }
        for (host, address) in [
            ("a", "11.0.0.1"),
            ("a", "2001:db9::1"),
            ("a", "192.0.2.8"),
            ("badexample.com", "8.8.8.8"),
            ("example.com.org", "8.8.8.8"),
            ("db.example.com", "127.0.0.1"),
            ("db.example.com", "169.254.169.254"),
        ] {
            assert!(!permits(&allowed, host, address), "{host} {address}");
        }
        assert!(permits(&["127.0.0.0/8"], "a", "127.0.0.1"), "what is said outright");
        assert!(permits(&["0.0.0.0/0"], "a", "169.254.169.254") && !permits(&["0.0.0.0/0"], "a", "::1"));
    }

    #[test]
    fn what_no_address_could_allow_is_refused_at_once() {
        assert!(list(&[]).refuses("127.0.0.1") && list(&[]).refuses("::1"));
        assert!(!list(&[]).refuses("localhost"), "what a name comes to isn't known yet");
        assert!(list(&["example.com"]).refuses("example.org") && !list(&["example.com"]).refuses("a.example.com"));
        assert!(!list(&["example.com", "10.0.0.0/8"]).refuses("example.org"), "it may be in the network");
    }

    #[test]
    fn what_is_neither_a_network_nor_a_host_is_told_so() {
        for text in ["", "10.0.0.0/33", "::/129", "10.0.0.0/x", "a b", "example.com/8", "*.example.com", "10.0.0.0/-1"]
        {
            let message = text.parse::<ExternalAllow>().unwrap_err();
            assert!(message.to_string().contains("is neither a network"), "{text}: {message}");
        }
    }
}
