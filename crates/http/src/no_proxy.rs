//! `NO_PROXY`: the addresses that are reached without a proxy.

use std::net::IpAddr;

use url::{Host, Url};

/// Whether `NO_PROXY` excludes an address. Its entries are separated by commas or white space:
///
/// - `example.com` and `.example.com`: the host and its subdomains; `*.example.com`: the subdomains;
/// - `10.1.2.3`, `::1` and `10.0.0.0/8`: an address or a network;
/// - `*`: any characters; an entry `*` excludes all addresses;
/// - any of these followed by a port, for example `example.com:8443`: only this port.
///
/// # Errors
/// The first invalid entry.
pub(crate) fn excludes(no_proxy: &str, url: &Url) -> Result<bool, String> {
    let entries = no_proxy.split(|character: char| character == ',' || character.is_whitespace());
    let mut is_excluded = false;
    for text in entries.filter(|text| !text.is_empty()) {
        let entry = Entry::parse(text).ok_or_else(|| text.to_owned())?;
        is_excluded |= entry.matches(url);
    }
    Ok(is_excluded)
}

#[derive(Debug)]
struct Entry {
    addresses: Addresses,
    port: Option<u16>,
}

#[derive(Debug)]
enum Addresses {
    /// The addresses that share this number of leading bits with an address.
    Network(IpAddr, u32),
    /// A host and its subdomains.
    Host(String),
    /// A host with wildcards.
    Pattern(String),
}

impl Entry {
    fn parse(text: &str) -> Option<Self> {
        if let Some(addresses) = network(text) {
            return Some(Self { addresses, port: None });
        }
        let (host, port) = match text.rsplit_once(':') {
            Some((host, port)) if !port.ends_with(']') => (host, Some(port.parse().ok()?)),
            _ => (text, None),
        };
        let bare = host.strip_prefix('[').and_then(|host| host.strip_suffix(']'));
        if let Some(addresses) = network(bare.unwrap_or(host)) {
            return Some(Self { addresses, port });
        }
        let is_known = |character: char| character.is_alphanumeric() || "-._*".contains(character);
        if host.is_empty() || !host.chars().all(is_known) {
            return None;
        }
        let addresses = if host.contains('*') {
            Addresses::Pattern(host.to_lowercase())
        } else {
            // Normalized like the host of a URL: lower case, and Punycode beyond ASCII.
            match Host::parse(host.trim_matches('.')).ok()? {
                Host::Domain(host) => Addresses::Host(host),
                Host::Ipv4(address) => Addresses::Network(address.into(), 32),
                Host::Ipv6(address) => Addresses::Network(address.into(), 128),
            }
        };
        Some(Self { addresses, port })
    }

    fn matches(&self, url: &Url) -> bool {
        if self.port.is_some() && self.port != url.port_or_known_default() {
            return false;
        }
        let host = url.host_str().unwrap_or_default();
        let host = host.trim_matches(['[', ']']).trim_end_matches('.');
        match &self.addresses {
            Addresses::Network(network, bits) => {
                host.parse().is_ok_and(|address: IpAddr| is_within(address, *network, *bits))
            }
            Addresses::Host(suffix) => {
                let rest = host.strip_suffix(suffix.as_str());
                rest.is_some_and(|rest| rest.is_empty() || rest.ends_with('.'))
            }
            Addresses::Pattern(pattern) => matches_pattern(pattern, host),
        }
    }
}

/// Parses an address (`10.1.2.3`) or a network (`10.0.0.0/8`).
fn network(text: &str) -> Option<Addresses> {
    let (address, bits) = match text.split_once('/') {
        Some((address, bits)) => (address, Some(bits.parse().ok()?)),
        None => (text, None),
    };
    let address: IpAddr = address.parse().ok()?;
    let width = if address.is_ipv4() { 32 } else { 128 };
    let bits = bits.unwrap_or(width);
    (bits <= width).then_some(Addresses::Network(address, bits))
}

fn is_within(address: IpAddr, network: IpAddr, bits: u32) -> bool {
    let (address, network, width) = match (address, network) {
        (IpAddr::V4(address), IpAddr::V4(network)) => {
            (u128::from(address.to_bits()), u128::from(network.to_bits()), 32)
        }
        (IpAddr::V6(address), IpAddr::V6(network)) => (address.to_bits(), network.to_bits(), 128),
        _ => return false,
    };
    (address ^ network).checked_shr(width - bits).unwrap_or_default() == 0
}

/// Whether a host matches a pattern, in which `*` stands for any characters.
fn matches_pattern(pattern: &str, host: &str) -> bool {
    let mut parts = pattern.split('*');
    let first = parts.next().unwrap_or_default();
    let Some(mut rest) = host.strip_prefix(first) else { return false };
    let Some(last) = parts.next_back() else { return rest.is_empty() };
    for part in parts {
        let Some(at) = rest.find(part) else { return false };
        rest = rest.get(at + part.len()..).unwrap_or_default();
    }
    rest.ends_with(last)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn is_excluded(no_proxy: &str, url: &str) -> bool {
        excludes(no_proxy, &url.parse().unwrap()).unwrap()
    }

    #[test]
    fn hosts_are_excluded_by_name_suffix_and_port() {
        let url = "https://acme.eu3.techwolf.ai/oauth/token";
        for no_proxy in [
            "*",
            "localhost,techwolf.ai",
            "localhost, .techwolf.ai",
            "localhost .TechWolf.AI.",
            "*.techwolf.ai",
            "acme.eu3.techwolf.ai",
            "acme.*.techwolf.ai:443",
            "techwolf.ai:443",
        ] {
            assert!(is_excluded(no_proxy, url), "{no_proxy}");
        }
        for no_proxy in
            ["", ",", "wolf.ai", "techwolf.ai:8443", "*.eu4.techwolf.ai", "*.acme.eu3.techwolf.ai"]
        {
            assert!(!is_excluded(no_proxy, url), "{no_proxy}");
        }
        assert!(!is_excluded("*.techwolf.ai", "https://techwolf.ai"));
        assert!(is_excluded("techwolf.ai:8443", "https://techwolf.ai:8443"));
        assert!(is_excluded("bücher.example", "https://www.bücher.example"));
    }

    #[test]
    fn addresses_are_excluded_by_network() {
        for no_proxy in ["10.1.2.3", "10.0.0.0/8", "10.1.2.3:80", "0.0.0.0/0", "10.1.*"] {
            assert!(is_excluded(no_proxy, "http://10.1.2.3"), "{no_proxy}");
        }
        for no_proxy in ["10.1.2.4", "10.2.0.0/16", "10.1.2.3:8080", "::/0"] {
            assert!(!is_excluded(no_proxy, "http://10.1.2.3"), "{no_proxy}");
        }
        for no_proxy in ["fd00::1", "fd00::/8", "[fd00::1]:80", "[fd00::1]"] {
            assert!(is_excluded(no_proxy, "http://[fd00::1]"), "{no_proxy}");
        }
    }

    #[test]
    fn an_invalid_entry_is_named() {
        for entry in ["\"localhost\"", "host:port", "10.0.0.0/33", "http://x", "a/b", ":80"] {
            let no_proxy = format!("x,{entry}");
            assert_eq!(excludes(&no_proxy, &"http://x".parse().unwrap()), Err(entry.to_owned()));
        }
    }

    proptest! {
        #[test]
        fn any_text_is_parsed_or_reported(text in "\\PC{0,20}", host in "[a-z]{1,3}(\\.[a-z]{1,3}){0,2}") {
            let url: Url = format!("http://{host}").parse().unwrap();
            if let Err(entry) = excludes(&text, &url) {
                prop_assert!(text.contains(&entry));
            }
        }

        #[test]
        fn a_suffix_excludes_its_subdomains(
            above in "[a-z]{1,5}",
            suffix in "[a-z]{1,5}\\.[a-z]{2,5}",
        ) {
            let below = format!("http://{above}.{suffix}");
            for entry in [suffix.clone(), format!(".{suffix}"), format!("*.{suffix}")] {
                prop_assert!(is_excluded(&entry, &below));
                let entry = format!("x{}", entry.trim_start_matches(['*', '.']));
                prop_assert!(!is_excluded(&entry, &below));
            }
        }
    }
}
