//! How to get a token from a sandbox.

use std::fmt;

/// How to get a token from a running sandbox, for all that its first tenant has. Unless that client was given another
/// secret they are the same for every sandbox, and no secret.
#[derive(Clone, PartialEq, Eq)]
pub struct Credentials {
    /// Where to ask for a token.
    pub token_url: String,
    /// `sandbox-client`, or that of the first tenant.
    pub client_id: String,
    /// `sandbox-secret`, or that client's.
    pub client_secret: String,
    /// `eu3.techwolf.ai`, TechWolf's audience in Europe.
    pub audience: String,
    /// `sandbox`, or the first tenant.
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

/// Stands for a secret where things are shown.
pub(crate) struct Hidden;

impl fmt::Debug for Hidden {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("…")
    }
}
