//! Who may ask: the credentials of the sandbox and the tokens it has given out.

use std::collections::VecDeque;
use std::iter::repeat_with;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

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

/// To whom a token was given.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Bearer {
    pub(crate) client_id: String,
    /// Whose data the token is for.
    pub(crate) tenant: String,
    /// What it may be used for.
    pub(crate) scopes: Vec<Scope>,
}

/// Why a token opens no door.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Denied {
    Unknown,
    Expired,
}

/// How many tokens are remembered; the oldest is forgotten first.
const MOST_TOKENS: usize = 1_000;

/// The tokens that were given out.
#[derive(Debug)]
pub(crate) struct Tokens {
    lifetime: Duration,
    issued: Mutex<VecDeque<Token>>,
}

#[derive(Debug)]
struct Token {
    text: String,
    bearer: Bearer,
    /// None if the clock can't count that far.
    expires: Option<Instant>,
}

impl Tokens {
    pub(crate) fn new(lifetime: Duration) -> Self {
        Self { lifetime, issued: Mutex::new(VecDeque::new()) }
    }

    pub(crate) fn lifetime(&self) -> Duration {
        self.lifetime
    }

    /// Makes a token. It need not withstand guessing, since the credentials are public as well.
    pub(crate) fn issue(&self, bearer: Bearer) -> String {
        let text: String = repeat_with(fastrand::alphanumeric).take(48).collect();
        let expires = Instant::now().checked_add(self.lifetime);
        let mut issued = self.lock();
        if issued.len() == MOST_TOKENS {
            issued.pop_front();
        }
        issued.push_back(Token { text: text.clone(), bearer, expires });
        text
    }

    /// Who holds `token`, if it is good now.
    pub(crate) fn check(&self, token: &str) -> Result<Bearer, Denied> {
        let issued = self.lock();
        let token = issued.iter().find(|known| known.text == token).ok_or(Denied::Unknown)?;
        if token.expires.is_some_and(|expires| expires <= Instant::now()) {
            return Err(Denied::Expired);
        }
        Ok(token.bearer.clone())
    }

    fn lock(&self) -> MutexGuard<'_, VecDeque<Token>> {
        self.issued.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn bearer() -> Bearer {
        Bearer { client_id: "a".to_owned(), tenant: "b".to_owned(), scopes: Vec::new() }
    }

    #[test]
    fn the_oldest_token_is_forgotten_when_there_are_too_many() {
        let tokens = Tokens::new(Duration::from_mins(1));
        let first = tokens.issue(bearer());
        let second = tokens.issue(bearer());
        for _ in 0..MOST_TOKENS - 1 {
            tokens.issue(bearer());
        }
        assert_eq!(tokens.check(&first), Err(Denied::Unknown));
        assert_eq!(tokens.check(&second), Ok(bearer()));
    }

    #[test]
    fn a_lifetime_beyond_the_clock_is_no_panic() {
        let tokens = Tokens::new(Duration::MAX);
        let token = tokens.issue(bearer());
        assert_eq!(tokens.check(&token), Ok(bearer()));
    }
}
