//! The credentials of a sandbox.

use taskferry_sdk::Secret;

/// The credentials of the default client of the first tenant. Apart from the URL, they are the same for every sandbox with the
/// default options.
#[derive(Debug, Clone)]
pub struct Credentials {
    /// The URL of the token endpoint.
    pub token_url: String,
    /// `sandbox-client`, or `TENANT-client` of the first tenant.
    pub client_id: String,
    /// `sandbox-secret`, or the secret of the client.
    pub client_secret: Secret,
    /// `eu3.techwolf.ai`, TechWolf's audience in Europe.
    pub audience: String,
    /// `sandbox`, or the name of the first tenant.
    pub tenant: String,
}

/// TechWolf's audience in Europe.
pub(crate) const AUDIENCE: &str = "eu3.techwolf.ai";
