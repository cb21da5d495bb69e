//! `NO_PROXY`: which addresses are reached directly.

use std::net::IpAddr;

use url::{Host, Url};

/// Whether `NO_PROXY` takes an address out. Its entries stand between commas or blanks:
///
/// - `example.com` and `.example.com`: this host and all below it; `*.example.com`: those below it;
/// - `10.1.2.3`, `::1` and `10.0.0.0/8`: an address, or all of a network;
/// - `*` stands for any characters, alone for everything;
/// - each with `:8443` behind it for that port alone.
///
/// # Errors
/// An entry that is none of these.
pub(crate) fn skips(no_proxy: &str, url: &Url) -> Result<bool, String> {
    let entries = no_proxy.split(|character: char| character == ',' || character.is_whitespace());
    let mut skips = false;
    for text in entries.filter(|text| !text.is_empty()) {
        let entry = Entry::read(text).ok_or_else(|| text.to_owned())?;
        skips |= entry.covers(url);
    }
    Ok(skips)
}

#[derive(Debug)]
struct Entry {
    what: Covered,
    port: Option<u16>,
}

#[derive(Debug)]
enum Covered {
    /// All addresses that begin with so many of its bits.
    Network(IpAddr, u32),
    /// A host and those below it.
    Host(String),
    /// A host with stars in it.
    Pattern(String),
}

impl Entry {
    fn read(text: &str) -> Option<Self> {
        if let Some(what) = network(text) {
            return Some(Self { what, port: None });
        }
        let (host, port) = match text.rsplit_once(':') {
            Some((host, port)) if !port.ends_with(']') => (host, Some(port.parse().ok()?)),
            _ => (text, None),
        };
        let bare = host.strip_prefix('[').and_then(|host| host.strip_suffix(']'));
        if let Some(what) = network(bare.unwrap_or(host)) {
            return Some(Self { what, port });
        }
        let is_known = |character: char| character.is_alphanumeric() || "-._*".contains(character);
        if host.is_empty() || !host.chars().all(is_known) {
            return None;
        }
        let what = if host.contains('*') {
            Covered::Pattern(host.to_lowercase())
        } else {
            // As the address has it: without capitals, and letters beyond ASCII in their encoded form.
            match Host::parse(host.trim_matches('.')).ok()? {
                Host::Domain(host) => Covered::Host(host),
                Host::Ipv4(address) => Covered::Network(address.into(), 32),
                Host::Ipv6(address) => Covered::Network(address.into(), 128),
            }
        };
        Some(Self { what, port })
    }

    fn covers(&self, url: &Url) -> bool {
        if self.port.is_some() && self.port != url.port_or_known_default() {
            return false;
        }
        let host = url.host_str().unwrap_or_default();
        let host = host.trim_matches(['[', ']']).trim_end_matches('.');
        match &self.what {
            Covered::Network(network, bits) => {
                host.parse().is_ok_and(|address: IpAddr| is_within(address, *network, *bits))
            }
            Covered::Host(suffix) => {
                let above = host.strip_suffix(suffix.as_str());
                above.is_some_and(|above| above.is_empty() || above.ends_with('.'))
            }
            Covered::Pattern(pattern) => matches(pattern, host),
        }
    }
}

/// An address (`10.1.2.3`), or a network (`10.0.0.0/8`).
fn network(text: &str) -> Option<Covered> {
    let (address, bits) = match text.split_once('/') {
        Some((address, bits)) => (address, Some(bits.parse().ok()?)),
        None => (text, None),
    };
    let address: IpAddr = address.parse().ok()?;
    let most = if address.is_ipv4() { 32 } else { 128 };
    let bits = bits.unwrap_or(most);
    (bits <= most).then_some(Covered::Network(address, bits))
}

fn is_within(address: IpAddr, network: IpAddr, bits: u32) -> bool {
    let (address, network, most) = match (address, network) {
        (IpAddr::V4(address), IpAddr::V4(network)) => {
            (u128::from(address.to_bits()), u128::from(network.to_bits()), 32)
        }
        (IpAddr::V6(address), IpAddr::V6(network)) => (address.to_bits(), network.to_bits(), 128),
        _ => return false,
    };
    (address ^ network).checked_shr(most - bits).unwrap_or_default() == 0
}

/// Whether a host is what a pattern says, in which a star stands for any characters.
fn matches(pattern: &str, host: &str) -> bool {
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

    fn skipped(no_proxy: &str, url: &str) -> bool {
        skips(no_proxy, &url.parse().unwrap()).unwrap()
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
            assert!(skipped(no_proxy, url), "{no_proxy}");
        }
        for no_proxy in
            ["", ",", "wolf.ai", "techwolf.ai:8443", "*.eu4.techwolf.ai", "*.acme.eu3.techwolf.ai"]
        {
            assert!(!skipped(no_proxy, url), "{no_proxy}");
        }
        assert!(!skipped("*.techwolf.ai", "https://techwolf.ai"));
        assert!(skipped("techwolf.ai:8443", "https://techwolf.ai:8443"));
        assert!(skipped("bücher.example", "https://www.bücher.example"));
    }

    #[test]
    fn addresses_are_excluded_by_network() {
        for no_proxy in ["10.1.2.3", "10.0.0.0/8", "10.1.2.3:80", "0.0.0.0/0", "10.1.*"] {
            assert!(skipped(no_proxy, "http://10.1.2.3"), "{no_proxy}");
        }
        for no_proxy in ["10.1.2.4", "10.2.0.0/16", "10.1.2.3:8080", "::/0"] {
            assert!(!skipped(no_proxy, "http://10.1.2.3"), "{no_proxy}");
        }
        for no_proxy in ["fd00::1", "fd00::/8", "[fd00::1]:80", "[fd00::1]"] {
            assert!(skipped(no_proxy, "http://[fd00::1]"), "{no_proxy}");
        }
    }

    #[test]
    fn an_invalid_host_is_named() {
        for entry in ["\"localhost\"", "host:port", "10.0.0.0/33", "http://x", "a/b", ":80"] {
            let no_proxy = format!("x,{entry}");
            assert_eq!(skips(&no_proxy, &"http://x".parse().unwrap()), Err(entry.to_owned()));
        }
    }

    proptest! {
        #[test]
        fn any_text_is_parsed_or_reported(text in "\\PC{0,20}", host in "[a-z]{1,3}(\\.[a-z]{1,3}){0,2}") {
            let url: Url = format!("http://{host}").parse().unwrap();
            if let Err(entry) = skips(&text, &url) {
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
                prop_assert!(skipped(&entry, &below));
                let entry = format!("x{}", entry.trim_start_matches(['*', '.']));
                prop_assert!(!skipped(&entry, &below));
            }
        }
    }
}
