//! The credentials of a sandbox.

use std::fmt;

/// The credentials of the default client of the first tenant. They are the same for every sandbox with the default options.
#[derive(Clone, PartialEq, Eq)]
pub struct Credentials {
    /// The URL of the token endpoint.
    pub token_url: String,
    /// `sandbox-client`, or `TENANT-client` of the first tenant.
    pub client_id: String,
    /// `sandbox-secret`, or the secret of the client.
    pub client_secret: String,
    /// `eu3.techwolf.ai`, TechWolf's audience in Europe.
    pub audience: String,
    /// `sandbox`, or the name of the first tenant.
    pub tenant: String,
}

/// TechWolf's audience in Europe.
pub(crate) const AUDIENCE: &str = "eu3.techwolf.ai";

impl fmt::Debug for Credentials {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter
            .debug_struct("Credentials")
            .field("token_url", &self.token_url)
            .field("client_id", &self.client_id)
            .field("client_secret", &Hidden)
            .field("audience", &self.audience)
            .field("tenant", &self.tenant)
            .finish()
    }
}

/// Replaces a secret in `Debug` output.
pub(crate) struct Hidden;

impl fmt::Debug for Hidden {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("…")
    }
}
