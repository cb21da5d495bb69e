//! The address of a proxy, and which one the environment names.

use std::ffi::OsString;
use std::fmt;

use reqwest::Proxy;
use taskferry_sdk::{ErrorKind, Secret, StageError};
use url::{Host, Url};

use crate::credentials::{credentials_of, decoded};
use crate::{excerpt, no_proxy};

/// The address of a proxy, with the password that may stand in it.
#[derive(Clone)]
pub(crate) struct ProxyAddress {
    url: Url,
    /// Where it is named, in the words of a message.
    pub(crate) named_by: &'static str,
}

/// What is wrong with an address, of which it says nothing.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct AddressMistake {
    pub(crate) code: &'static str,
    pub(crate) message: String,
}

impl fmt::Debug for ProxyAddress {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter
            .debug_struct("ProxyAddress")
            .field("named_by", &self.named_by)
            .finish_non_exhaustive()
    }
}

impl ProxyAddress {
    /// Reads an address: `http://user:password@proxy.example:3128`.
    ///
    /// # Errors
    /// What is wrong with it. Part of it may be a password that was not written as it must be, so nothing of it is shown.
    pub(crate) fn read(text: &str, named_by: &'static str) -> Result<Self, AddressMistake> {
        let mistake = |code, message: &str| AddressMistake { code, message: message.to_owned() };
        let text = text.trim();
        if text.starts_with(['"', '\'']) {
            return Err(mistake("url::invalid", "the proxy's URL stands in quotes"));
        }
        let url = Url::parse(text)
            .map_err(|error| mistake("url::invalid", &format!("this is not a URL: {error}")))?;
        if !matches!(url.scheme(), "http" | "https") {
            let message = "the proxy's URL begins neither with `http://` nor with `https://`";
            return Err(mistake("url::scheme", message));
        }
        if !matches!(url.path(), "" | "/") || url.query().is_some() || url.fragment().is_some() {
            return Err(mistake("url::path", "the proxy's URL goes on after the port"));
        }
        let is_host = |name: &str| {
            name.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"-._".contains(&byte))
        };
        if matches!(url.host(), Some(Host::Domain(name)) if !is_host(name)) {
            let message = "the proxy's host holds characters that no host has, quotes perhaps";
            return Err(mistake("url::invalid", message));
        }
        Ok(Self { url, named_by })
    }

    /// What requests are sent through.
    ///
    /// # Errors
    /// When the client can't use the address.
    pub(crate) fn proxy(&self) -> Result<Proxy, StageError> {
        let mut url = self.url.clone();
        // Neither fails on an address with a host.
        _ = url.set_username("");
        _ = url.set_password(None);
        let proxy = Proxy::all(url).map_err(|error| {
            let message = format!("the proxy that {} names can't be used", self.named_by);
            StageError::new(ErrorKind::Config, message).caused_by(error.without_url())
        })?;
        let (user, password) = (self.url.username(), self.url.password());
        if user.is_empty() && password.is_none() {
            return Ok(proxy);
        }
        Ok(proxy.basic_auth(&decoded(user), &decoded(password.unwrap_or_default())))
    }

    /// What the proxy is sent in secret.
    pub(crate) fn credentials(&self) -> Vec<Secret> {
        credentials_of(&self.url)
    }
}

/// The proxy that the environment names for an address: the first variable that holds something counts, and `NO_PROXY` can
/// take the address out.
///
/// # Errors
/// When it can't be understood which proxy that is. The address is not reached without one then.
pub(crate) fn of_environment(
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
        let skips = no_proxy::skips(&value.to_string_lossy(), url).map_err(|entry| {
            let message = format!("the entry `{}` of {name} can't be understood", excerpt(entry.as_bytes(), &[]).unwrap_or_default());
            StageError::new(ErrorKind::Config, message).hint(
                "write hosts, `*.suffix`, addresses or networks (`10.0.0.0/8`), each with a port if wanted, separated by commas; \
                 or say in `connection.proxy` which proxy there is",
            )
        })?;
        if skips {
            return Ok(None);
        }
    }
    let read = match value.to_str().map(str::trim) {
        None => Err("it is not UTF-8 text".to_owned()),
        // Without a scheme it is a host and a port, by custom.
        Some(text) if !text.contains("://") && !text.starts_with(['"', '\'']) => {
            ProxyAddress::read(&format!("http://{text}"), name).map_err(|mistake| mistake.message)
        }
        Some(text) => ProxyAddress::read(text, name).map_err(|mistake| mistake.message),
    };
    read.map(Some).map_err(|why| {
        let message = format!("the proxy in {name} can't be understood: {why}");
        StageError::new(ErrorKind::Config, message).hint(
            "write `http://user:password@proxy.example:3128` without quotes, and `/`, `?`, `#` and `%` of a password as `%2F`, `%3F`, \
             `%23` and `%25`; or say in `connection.proxy` which proxy there is, \"none\" for none",
        )
    })
}

/// The variables that name a proxy for addresses of this scheme.
fn names(scheme: &str, is_cgi: bool) -> Vec<&'static str> {
    let all = ["ALL_PROXY", "all_proxy"];
    let own: &[&'static str] = match scheme {
        "https" => &["HTTPS_PROXY", "https_proxy"],
        // Where a web server starts programs, `HTTP_PROXY` is what a request says in a header `Proxy`.
        _ if is_cgi => &["http_proxy"],
        _ => &["HTTP_PROXY", "http_proxy"],
    };
    own.iter().copied().chain(all).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn named(
        variables: &[(&str, &str)],
        url: &str,
    ) -> Result<Option<(&'static str, String)>, StageError> {
        let variable = |name: &str| {
            let found = variables.iter().find(|(known, _)| *known == name);
            found.map(|(_, value)| OsString::from(value))
        };
        let found = of_environment(&url.parse().unwrap(), variable)?;
        Ok(found.map(|proxy| (proxy.named_by, proxy.url.to_string())))
    }

    fn https(
        name: &'static str,
        value: &str,
    ) -> Result<Option<(&'static str, String)>, StageError> {
        named(&[(name, value)], "https://acme.eu3.techwolf.ai/")
    }

    #[test]
    fn each_scheme_has_its_variable_and_falls_back_to_all_proxy() {
        let proxy = |port| format!("http://proxy:{port}/");
        let both = [("HTTP_PROXY", "http://proxy:1"), ("https_proxy", "proxy:2")];
        assert_eq!(named(&both, "http://a.example").unwrap(), Some(("HTTP_PROXY", proxy(1))));
        assert_eq!(named(&both, "https://a.example").unwrap(), Some(("https_proxy", proxy(2))));
        let all = [("HTTPS_PROXY", " "), ("ALL_PROXY", "http://proxy:3\n")];
        assert_eq!(named(&all, "https://a.example").unwrap(), Some(("ALL_PROXY", proxy(3))));
        assert_eq!(named(&[], "https://a.example").unwrap(), None);
        let cgi = [("HTTP_PROXY", "http://proxy:1"), ("REQUEST_METHOD", "GET")];
        assert_eq!(named(&cgi, "http://a.example").unwrap(), None);
    }

    #[test]
    fn an_at_sign_may_be_part_of_a_password() {
        let proxy = ProxyAddress::read("http://user:p@ss%2Fword@proxy:3128 ", "x").unwrap();
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
                let said = format!("{error:?} {}", error.full_message());
                assert!(said.contains(name) && !said.contains("hunter2"), "{value}: {said}");
            }
        }
    }

    #[test]
    fn no_proxy_applies_even_if_the_proxy_is_invalid() {
        let variables = [("HTTPS_PROXY", "'proxy'"), ("NO_PROXY", ".techwolf.ai:443")];
        assert_eq!(named(&variables, "https://acme.eu3.techwolf.ai/").unwrap(), None);
        let variables = [("HTTPS_PROXY", "proxy:1"), ("no_proxy", "\"localhost\"")];
        let error = named(&variables, "https://acme.eu3.techwolf.ai/").unwrap_err();
        assert!(error.to_string().contains("of no_proxy"), "{error}");
    }
}
