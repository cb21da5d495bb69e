//! Who may ask: the credentials of the sandbox and the tokens it has given out.

use std::collections::VecDeque;
use std::iter::repeat_with;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

/// How to get a token from a running sandbox. They are the same for every sandbox and no secret.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Credentials {
    /// Where to ask for a token.
    pub token_url: String,
    /// `sandbox-client`.
    pub client_id: String,
    /// `sandbox-secret`.
    pub client_secret: String,
    /// `eu3.techwolf.ai`, TechWolf's audience in Europe.
    pub audience: String,
    /// `sandbox`.
    pub tenant: String,
}

impl Credentials {
    pub(crate) fn at(url: &str) -> Self {
        Self {
            token_url: format!("{url}/oauth/token"),
            client_id: "sandbox-client".to_owned(),
            client_secret: "sandbox-secret".to_owned(),
            audience: "eu3.techwolf.ai".to_owned(),
            tenant: "sandbox".to_owned(),
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

/// Why a token does not open a door.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Denied {
    Unknown,
    Expired,
    Scope,
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
    scopes: Vec<Scope>,
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
    pub(crate) fn issue(&self, scopes: Vec<Scope>) -> String {
        let text: String = repeat_with(fastrand::alphanumeric).take(48).collect();
        let expires = Instant::now().checked_add(self.lifetime);
        let mut issued = self.lock();
        if issued.len() == MOST_TOKENS {
            issued.pop_front();
        }
        issued.push_back(Token { text: text.clone(), scopes, expires });
        text
    }

    /// Whether `token` allows `scope` now.
    pub(crate) fn check(&self, token: &str, scope: Scope) -> Result<(), Denied> {
        let issued = self.lock();
        let token = issued.iter().find(|known| known.text == token).ok_or(Denied::Unknown)?;
        if token.expires.is_some_and(|expires| expires <= Instant::now()) {
            return Err(Denied::Expired);
        }
        if !token.scopes.contains(&scope) {
            return Err(Denied::Scope);
        }
        Ok(())
    }

    fn lock(&self) -> MutexGuard<'_, VecDeque<Token>> {
        self.issued.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_oldest_token_is_forgotten_when_there_are_too_many() {
        let tokens = Tokens::new(Duration::from_mins(1));
        let first = tokens.issue(vec![Scope::Read]);
        let second = tokens.issue(vec![Scope::Read]);
        for _ in 0..MOST_TOKENS - 1 {
            tokens.issue(Vec::new());
        }
        assert_eq!(tokens.check(&first, Scope::Read), Err(Denied::Unknown));
        assert_eq!(tokens.check(&second, Scope::Read), Ok(()));
    }

    #[test]
    fn a_lifetime_beyond_the_clock_is_no_panic() {
        let tokens = Tokens::new(Duration::MAX);
        let token = tokens.issue(vec![Scope::Read]);
        assert_eq!(tokens.check(&token, Scope::Read), Ok(()));
    }
}
