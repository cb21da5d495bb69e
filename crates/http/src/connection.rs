//! How servers are reached, whichever they are.

use std::env;
use std::error::Error;
use std::fmt;
use std::net::IpAddr;
use std::path::{Path, PathBuf};

use reqwest::{Certificate, ClientBuilder};
use schemars::JsonSchema;
use serde::Deserialize;
use taskferry_sdk::{BuildContext, KeyPath, Problem, Secret, StageError};
use url::Url;

use crate::proxy::{self, ProxyAddress};

/// How servers are reached: whose certificates are trusted, and through which proxy.
#[derive(Debug, Default, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct ConnectionOptions {
    /// A file of certificate authorities in PEM form that are trusted beside the system's. Certificates are always
    /// checked.
    pub ca_file: Option<PathBuf>,
    /// The proxy that requests go through, `http://user:password@proxy.example:3128` for example; "none" or an empty text
    /// for none at all. What `HTTPS_PROXY`, `HTTP_PROXY`, `ALL_PROXY` and `NO_PROXY` say counts only where this is left out; a
    /// run whose variable can't be understood ends before its first request. This machine is always reached without one.
    pub proxy: Option<Secret>,
}

/// [`ConnectionOptions`] that were checked. By default the system's authorities and the environment's proxy.
#[derive(Clone, Default)]
pub struct Connection {
    authorities: Vec<Certificate>,
    proxy: ProxyChoice,
}

#[derive(Clone, Default)]
enum ProxyChoice {
    #[default]
    Environment,
    None,
    This(ProxyAddress),
}

impl fmt::Debug for Connection {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let proxy = match self.proxy {
            ProxyChoice::Environment => "environment",
            ProxyChoice::None => "none",
            ProxyChoice::This(_) => "[secret]",
        };
        let mut shown = formatter.debug_struct("Connection");
        shown
            .field("authorities", &self.authorities.len())
            .field("proxy", &proxy)
            .finish_non_exhaustive()
    }
}

impl ConnectionOptions {
    /// Reads the file and looks at the address; no connection is made.
    ///
    /// # Errors
    /// All that is wrong with the options, which stand at `table`.
    pub fn check(
        &self,
        table: &KeyPath,
        context: &BuildContext<'_>,
    ) -> Result<Connection, Vec<Problem>> {
        let mut problems = Vec::new();
        let mut connection = Connection::default();
        let named = self.ca_file.as_deref().filter(|file| !file.as_os_str().is_empty());
        if let Some(file) = named {
            match authorities(&table.key("ca_file"), file, context) {
                Ok(authorities) => connection.authorities = authorities,
                Err(problem) => problems.push(problem),
            }
        }
        if let Some(address) = &self.proxy {
            match chosen(&table.key("proxy"), address) {
                Ok(proxy) => connection.proxy = proxy,
                Err(problem) => problems.push(problem),
            }
        }
        if problems.is_empty() { Ok(connection) } else { Err(problems) }
    }
}

fn authorities(
    path: &KeyPath,
    file: &Path,
    context: &BuildContext<'_>,
) -> Result<Vec<Certificate>, Problem> {
    let written = file.display();
    let resolved = context.files().resolve(file);
    let problem = |code, message: String| Problem::at(path.clone(), code, message);
    let bytes = context.files().read_untracked(file).map_err(|error| {
        problem("file::unreadable", format!("can't read the certificates in `{written}`: {error}"))
            .help(format!("they were looked for at {}", resolved.display()))
    })?;
    let pem = bytes.strip_prefix("\u{feff}".as_bytes()).unwrap_or(&bytes);
    let help = "name a file with blocks that begin with `-----BEGIN CERTIFICATE-----`";
    let authorities = Certificate::from_pem_bundle(pem)
        .map_err(|error| format!("`{written}` is not in PEM form: {}", root_cause(&error)))
        .and_then(|found| {
            let nothing = || format!("`{written}` holds no certificate in PEM form");
            (!found.is_empty()).then_some(found).ok_or_else(nothing)
        })
        .map_err(|message| problem("tls::ca_file", message).help(help))?;
    // Only who trusts them finds out whether they are certificates.
    let trial = reqwest::Client::builder().no_proxy().tls_certs_only(authorities.iter().cloned());
    trial.build().map_err(|error| {
        let message = format!("`{written}` holds what is no certificate: {}", root_cause(&error));
        problem("tls::ca_file", message).help(help)
    })?;
    Ok(authorities)
}

/// Says nothing of the address itself: there may be a password in it.
fn chosen(path: &KeyPath, address: &Secret) -> Result<ProxyChoice, Problem> {
    let text = address.expose().trim();
    if text.is_empty() || text == "none" {
        return Ok(ProxyChoice::None);
    }
    let address = ProxyAddress::read(text, "`connection.proxy`").map_err(|mistake| {
        let help = "write for example \"http://proxy.example:3128\", or \"none\"";
        Problem::at(path.clone(), mistake.code, mistake.message).help(help)
    })?;
    Ok(ProxyChoice::This(address))
}

impl Connection {
    /// The proxy that requests to `url`, which is on another machine, go through; `None` where they go there directly.
    ///
    /// # Errors
    /// The environment names a proxy and it can't be understood which.
    pub(crate) fn proxy_to(&self, url: &Url) -> Result<Option<ProxyAddress>, StageError> {
        match &self.proxy {
            ProxyChoice::This(proxy) => Ok(Some(proxy.clone())),
            ProxyChoice::None => Ok(None),
            ProxyChoice::Environment => proxy::of_environment(url, |name| env::var_os(name)),
        }
    }

    /// Adds the authorities alone.
    pub(crate) fn trust(&self, builder: ClientBuilder) -> ClientBuilder {
        builder.tls_certs_merge(self.authorities.iter().cloned())
    }
}

/// What lies at the bottom of a chain of errors: `connection refused` instead of four ways to say no.
pub(crate) fn root_cause(error: &(dyn Error + 'static)) -> String {
    let mut root = error;
    while let Some(cause) = root.source() {
        root = cause;
    }
    root.to_string()
}

/// Whether the host of a URL is this machine itself, where no proxy leads to.
///
/// ```
/// let here = ["localhost", "127.0.0.1", "[::1]"];
/// assert!(here.iter().all(|host| taskferry_http::is_this_machine(host)));
/// assert!(!taskferry_http::is_this_machine("localhost.example"));
/// ```
pub fn is_this_machine(host: &str) -> bool {
    let address = host.trim_start_matches('[').trim_end_matches(']');
    host == "localhost" || address.parse().is_ok_and(|address: IpAddr| address.is_loopback())
}
