//! Addresses of proxies, and the proxy of the environment.

use std::ffi::OsString;
use std::fmt;

use reqwest::Proxy;
use taskferry_sdk::{ErrorKind, Secret, StageError};
use url::Url;

use crate::address::invalid_host_character;
use crate::credentials::{credentials_in, percent_decoded};
use crate::{excerpt, no_proxy};

/// The address of a proxy, which may contain a password.
#[derive(Clone)]
pub(crate) struct ProxyAddress {
    url: Url,
    /// The option or variable with the address, for messages.
    pub(crate) origin: &'static str,
}

/// An error in an address. The message does not contain the address.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct AddressError {
    pub(crate) code: &'static str,
    pub(crate) message: String,
}

impl fmt::Debug for ProxyAddress {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.debug_struct("ProxyAddress").field("origin", &self.origin).finish_non_exhaustive()
    }
}

impl ProxyAddress {
    /// Parses an address: `http://user:password@proxy.example:3128`.
    ///
    /// # Errors
    /// The error in the address. The message contains no part of the address, because any part may belong to a wrongly encoded
    /// password.
    pub(crate) fn parse(text: &str, origin: &'static str) -> Result<Self, AddressError> {
        let invalid = |code, message: &str| AddressError { code, message: message.to_owned() };
        let text = text.trim();
        if text.starts_with(['"', '\'']) {
            return Err(invalid("invalid-url", "the proxy's URL is in quotes"));
        }
        let url = Url::parse(text)
            .map_err(|error| invalid("invalid-url", &format!("this is not a URL: {error}")))?;
        if !matches!(url.scheme(), "http" | "https") {
            let message = "the proxy's URL does not start with `http://` or `https://`";
            return Err(invalid("unsupported-scheme", message));
        }
        if !matches!(url.path(), "" | "/") || url.query().is_some() || url.fragment().is_some() {
            return Err(invalid(
                "unexpected-path",
                "the proxy's URL has a path, a query or a fragment",
            ));
        }
        if invalid_host_character(&url).is_some() {
            let message = "the proxy's host contains an invalid character, for example a quote";
            return Err(invalid("invalid-url", message));
        }
        Ok(Self { url, origin })
    }

    /// Converts the address for the HTTP client.
    pub(crate) fn to_proxy(&self) -> Result<Proxy, StageError> {
        let mut url = self.url.clone();
        // Both succeed, because the address has a host.
        _ = url.set_username("");
        _ = url.set_password(None);
        let proxy = Proxy::all(url).map_err(|error| {
            let message = format!("the proxy of {} can't be used", self.origin);
            StageError::new(ErrorKind::Config, message).caused_by(error.without_url())
        })?;
        let (user, password) = (self.url.username(), self.url.password());
        if user.is_empty() && password.is_none() {
            return Ok(proxy);
        }
        let password = percent_decoded(password.unwrap_or_default());
        Ok(proxy.basic_auth(&percent_decoded(user), &password))
    }

    /// The address, which may contain a password.
    pub(crate) fn url(&self) -> &Url {
        &self.url
    }

    /// The secrets in requests to the proxy.
    pub(crate) fn credentials(&self) -> Vec<Secret> {
        credentials_in(&self.url)
    }
}

/// Reads the proxy for an address from the first environment variable that is not empty, unless `NO_PROXY` excludes the address.
///
/// # Errors
/// A variable is invalid. No request is sent then, not even without a proxy.
pub(crate) fn from_environment(
    url: &Url,
    variable: impl Fn(&str) -> Option<OsString>,
) -> Result<Option<ProxyAddress>, StageError> {
    let filled = |name: &'static str| {
        let value = variable(name)?;
        let is_empty = value.to_str().is_some_and(|text| text.trim().is_empty());
        (!is_empty).then_some((name, value))
    };
    let Some((name, value)) =
        names(url.scheme(), variable("REQUEST_METHOD").is_some()).into_iter().find_map(filled)
    else {
        return Ok(None);
    };
    if let Some((name, value)) = ["NO_PROXY", "no_proxy"].into_iter().find_map(filled) {
        let is_excluded = no_proxy::excludes(&value.to_string_lossy(), url).map_err(|entry| {
            let entry = excerpt(entry.as_bytes(), &[]).unwrap_or_default();
            let message = format!("the entry `{entry}` of {name} is invalid");
            StageError::new(ErrorKind::Config, message).hint(
                "write a comma-separated list of hosts, `*.suffix`, addresses or networks (`10.0.0.0/8`), each with an optional port; or set `connection.proxy`",
            )
        })?;
        if is_excluded {
            return Ok(None);
        }
    }
    let proxy = match value.to_str().map(str::trim) {
        None => Err("it is not UTF-8 text".to_owned()),
        // By convention, a value without a scheme is a host and a port.
        Some(text) if !text.contains("://") && !text.starts_with(['"', '\'']) => {
            ProxyAddress::parse(&format!("http://{text}"), name).map_err(|error| error.message)
        }
        Some(text) => ProxyAddress::parse(text, name).map_err(|error| error.message),
    };
    proxy.map(Some).map_err(|reason| {
        let message = format!("the proxy in {name} is invalid: {reason}");
        StageError::new(ErrorKind::Config, message).hint(
            "write `http://user:password@proxy.example:3128` without quotes, and `/`, `?`, `#` and `%` of a password as `%2F`, `%3F`, \
             `%23` and `%25`; or set `connection.proxy`, \"none\" for no proxy",
        )
    })
}

/// The variables with the proxy for addresses of this scheme, in order of precedence.
fn names(scheme: &str, is_cgi: bool) -> Vec<&'static str> {
    let all = ["ALL_PROXY", "all_proxy"];
    let own: &[&'static str] = match scheme {
        "https" => &["HTTPS_PROXY", "https_proxy"],
        // In a CGI program, `HTTP_PROXY` is the value of the request header `Proxy`.
        _ if is_cgi => &["http_proxy"],
        _ => &["HTTP_PROXY", "http_proxy"],
    };
    own.iter().copied().chain(all).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn lookup(
        variables: &[(&str, &str)],
        url: &str,
    ) -> Result<Option<(&'static str, String)>, StageError> {
        let variable = |name: &str| {
            let found = variables.iter().find(|(known, _)| *known == name);
            found.map(|(_, value)| OsString::from(value))
        };
        let found = from_environment(&url.parse().unwrap(), variable)?;
        Ok(found.map(|proxy| (proxy.origin, proxy.url.to_string())))
    }

    fn https(
        name: &'static str,
        value: &str,
    ) -> Result<Option<(&'static str, String)>, StageError> {
        lookup(&[(name, value)], "https://acme.eu3.techwolf.ai/")
    }

    #[test]
    fn each_scheme_has_its_variable_and_falls_back_to_all_proxy() {
        let proxy = |port| format!("http://proxy:{port}/");
        let both = [("HTTP_PROXY", "http://proxy:1"), ("https_proxy", "proxy:2")];
        assert_eq!(lookup(&both, "http://a.example").unwrap(), Some(("HTTP_PROXY", proxy(1))));
        assert_eq!(lookup(&both, "https://a.example").unwrap(), Some(("https_proxy", proxy(2))));
        let all = [("HTTPS_PROXY", " "), ("ALL_PROXY", "http://proxy:3\n")];
        assert_eq!(lookup(&all, "https://a.example").unwrap(), Some(("ALL_PROXY", proxy(3))));
        assert_eq!(lookup(&[], "https://a.example").unwrap(), None);
        let cgi = [("HTTP_PROXY", "http://proxy:1"), ("REQUEST_METHOD", "GET")];
        assert_eq!(lookup(&cgi, "http://a.example").unwrap(), None);
    }

    #[test]
    fn an_at_sign_in_a_password_is_part_of_it() {
        let proxy = ProxyAddress::parse("http://user:p@ss%2Fword@proxy:3128 ", "x").unwrap();
        let texts: Vec<String> =
            proxy.credentials().iter().map(|secret| secret.expose().to_owned()).collect();
        assert!(texts.contains(&"p@ss/word".to_owned()), "{texts:?}");
        assert_eq!(proxy.url.host_str(), Some("proxy"));
    }

    #[test]
    fn an_invalid_proxy_is_an_error_that_shows_no_password() {
        for value in [
            "\"http://user:hunter2@proxy:3128\"",
            "'proxy:3128'",
            "\"proxy\"",
            "http://user:hunter2#x@proxy:3128",
            "http://user:hunter2/x@proxy:3128",
            "http://user:1?hunter2@proxy:3128",
            "user:hunter2/x@proxy:3128",
            "http://proxy:port",
            "http://proxy:99999",
            "http://pro xy:3128",
            "socks5://user:hunter2@proxy:1080",
            "http://",
            "://",
            "http://user:hunter2@",
        ] {
            for name in ["HTTPS_PROXY", "https_proxy", "ALL_PROXY", "all_proxy"] {
                let error = https(name, value).unwrap_err();
                assert_eq!(error.kind(), ErrorKind::Config);
                let message = format!("{error:?} {}", error.full_message());
                assert!(
                    message.contains(name) && !message.contains("hunter2"),
                    "{value}: {message}"
                );
            }
        }
    }

    #[test]
    fn no_proxy_applies_even_if_the_proxy_is_invalid() {
        let variables = [("HTTPS_PROXY", "'proxy'"), ("NO_PROXY", ".techwolf.ai:443")];
        assert_eq!(lookup(&variables, "https://acme.eu3.techwolf.ai/").unwrap(), None);
        let variables = [("HTTPS_PROXY", "proxy:1"), ("no_proxy", "\"localhost\"")];
        let error = lookup(&variables, "https://acme.eu3.techwolf.ai/").unwrap_err();
        assert!(error.to_string().contains("of no_proxy"), "{error}");
    }
}
