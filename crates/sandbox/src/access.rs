//! Who may ask: the credentials of the sandbox, the tokens it signs, and what clients sign.

mod assertion;
mod key;
mod token;

pub(crate) use assertion::{AssertionProblem, Assertions};
pub use key::{KeyProblem, PublicKey};
pub(crate) use key::{RegisteredKeys, read_keys};
pub(crate) use token::{Bearer, Denied, Tokens};

use crate::clients::Client;

/// How to get a token from a running sandbox. Unless clients were named they are the same for every sandbox, and no
/// secret.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Credentials {
    /// Where to ask for a token.
    pub token_url: String,
    /// `sandbox-client`, or the first client of the first tenant.
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

impl Credentials {
    /// Those of `client` at the sandbox that listens at `url`.
    pub(crate) fn at(url: &str, client: Option<&Client>) -> Self {
        let text = |text: Option<&String>| text.cloned().unwrap_or_default();
        Self {
            token_url: format!("{url}/oauth/token"),
            client_id: text(client.map(|client| &client.client_id)),
            client_secret: text(client.and_then(|client| client.client_secret.as_ref())),
            audience: AUDIENCE.to_owned(),
            tenant: text(client.and_then(|client| client.tenant.as_ref())),
        }
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
