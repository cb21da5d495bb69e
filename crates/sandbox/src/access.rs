//! Who may ask: the credentials of the sandbox, the tokens it signs, and what clients sign.

mod assertion;
mod key;
mod token;

use std::fmt;

pub(crate) use assertion::{AssertionProblem, Assertions};
pub use key::{KeyProblem, PublicKey};
pub(crate) use key::{RegisteredKeys, read_keys};
pub(crate) use token::{Bearer, Denied, Tokens};

use crate::clients::Hidden;

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

/// What a token may be used for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Scope {
    Read,
    Write,
    ReadReports,
}

impl Scope {
    pub(crate) const ALL: [Self; 3] = [Self::Read, Self::Write, Self::ReadReports];

    pub(crate) const fn as_str(self) -> &'static str {
        match self {
            Self::Read => "read",
            Self::Write => "write",
            Self::ReadReports => "read_reports",
        }
    }
}

/// Seconds since 1970.
fn now() -> u64 {
    jsonwebtoken::get_current_timestamp()
}
