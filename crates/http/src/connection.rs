//! The connection options: certificate authorities and proxies.

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

/// Connections to servers: trusted certificate authorities and the proxy.
#[derive(Debug, Clone, Default, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct ConnectionOptions {
    /// A PEM file of certificate authorities that are trusted in addition to the system's. Certificates are always
    /// verified.
    pub ca_file: Option<PathBuf>,
    /// The proxy for all requests, for example `http://user:password@proxy.example:3128`. "none" or an empty string
    /// disables proxies. Without this option, the variables `HTTPS_PROXY`, `HTTP_PROXY`, `ALL_PROXY` and `NO_PROXY`
    /// apply, and an invalid variable fails the run before its first request. Requests to this machine never use a
    /// proxy.
    pub proxy: Option<Secret>,
}

/// Checked [`ConnectionOptions`]. By default the system's authorities and the environment's proxy.
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
    Address(ProxyAddress),
}

impl fmt::Debug for Connection {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let proxy = match self.proxy {
            ProxyChoice::Environment => "environment",
            ProxyChoice::None => "none",
            ProxyChoice::Address(_) => "[secret]",
        };
        let mut shown = formatter.debug_struct("Connection");
        shown
            .field("authorities", &self.authorities.len())
            .field("proxy", &proxy)
            .finish_non_exhaustive()
    }
}

impl ConnectionOptions {
    /// Reads the file and parses the address, without connecting.
    ///
    /// # Errors
    /// All errors in the options of `table`.
    pub fn check(
        &self,
        table: &KeyPath,
        context: &BuildContext<'_>,
    ) -> Result<Connection, Vec<Problem>> {
        let mut problems = Vec::new();
        let mut connection = Connection::default();
        let ca_file = self.ca_file.as_deref().filter(|file| !file.as_os_str().is_empty());
        if let Some(file) = ca_file {
            match authorities(&table.key("ca_file"), file, context) {
                Ok(authorities) => connection.authorities = authorities,
                Err(problem) => problems.push(problem),
            }
        }
        if let Some(address) = &self.proxy {
            match proxy_choice(&table.key("proxy"), address) {
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
        problem("unreadable-file", format!("can't read the certificates in `{written}`: {error}"))
            .help(format!("the resolved path is {}", resolved.display()))
    })?;
    let pem = bytes.strip_prefix("\u{feff}".as_bytes()).unwrap_or(&bytes);
    let help = "write the path of a file with `-----BEGIN CERTIFICATE-----` blocks";
    let authorities = Certificate::from_pem_bundle(pem)
        .map_err(|error| format!("`{written}` is not a PEM file: {}", root_cause(&error)))
        .and_then(|found| {
            let nothing = || format!("`{written}` contains no PEM certificate");
            (!found.is_empty()).then_some(found).ok_or_else(nothing)
        })
        .map_err(|message| problem("invalid-certificate", message).help(help))?;
    // The client is the only parser of certificates, so a trial client checks them.
    let trial = reqwest::Client::builder().no_proxy().tls_certs_only(authorities.iter().cloned());
    trial.build().map_err(|error| {
        let message =
            format!("`{written}` contains an invalid certificate: {}", root_cause(&error));
        problem("invalid-certificate", message).help(help)
    })?;
    Ok(authorities)
}

/// Messages do not contain the address, which may contain a password.
fn proxy_choice(path: &KeyPath, address: &Secret) -> Result<ProxyChoice, Problem> {
    let text = address.expose().trim();
    if text.is_empty() || text == "none" {
        return Ok(ProxyChoice::None);
    }
    let address = ProxyAddress::parse(text, "`connection.proxy`").map_err(|error| {
        let help = "write for example \"http://proxy.example:3128\", or \"none\"";
        Problem::at(path.clone(), error.code, error.message).help(help)
    })?;
    Ok(ProxyChoice::Address(address))
}

impl Connection {
    /// The proxy for requests to `url`. `None` if they are sent directly, as all requests to this machine are.
    pub(crate) fn proxy_for(&self, url: &Url) -> Result<Option<ProxyAddress>, StageError> {
        match &self.proxy {
            _ if url.host_str().is_some_and(is_this_machine) => Ok(None),
            ProxyChoice::Address(proxy) => Ok(Some(proxy.clone())),
            ProxyChoice::None => Ok(None),
            ProxyChoice::Environment => proxy::from_environment(url, |name| env::var_os(name)),
        }
    }

    pub(crate) fn add_authorities(&self, builder: ClientBuilder) -> ClientBuilder {
        builder.tls_certs_merge(self.authorities.iter().cloned())
    }
}

/// The last error of a chain, for example `connection refused`.
pub(crate) fn root_cause(error: &(dyn Error + 'static)) -> String {
    let mut root = error;
    while let Some(cause) = root.source() {
        root = cause;
    }
    let text = root.to_string();
    match text.strip_prefix(FAILED_LOOKUP) {
        Some(reason) => format!("the host name can't be resolved: {reason}"),
        None => text,
    }
}

/// The beginning of the standard library's errors about names.
pub(crate) const FAILED_LOOKUP: &str = "failed to lookup address information: ";

/// Whether the host of a URL is this machine, to which no request uses a proxy.
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

/// Refuses an `http` address of another machine, unless the option `allow_http` is set. `data` is what would be sent unencrypted.
///
/// # Errors
/// The error in the address, with an empty path.
pub fn check_encryption(url: &Url, allow_http: bool, data: &str) -> Result<(), Problem> {
    if url.scheme() != "http" || allow_http || url.host_str().is_some_and(is_this_machine) {
        return Ok(());
    }
    let message = format!("the URL begins with `http:`, so {data} would be sent unencrypted");
    let help =
        "write `https://`, or add `allow_http = true` if the network is encrypted or trusted";
    Err(Problem::at(KeyPath::root(), "unencrypted-url", message).help(help))
}
