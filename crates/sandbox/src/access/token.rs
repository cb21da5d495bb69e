//! Access tokens: JWTs that this sandbox signs and nobody else can.

use std::fmt;
use std::time::Duration;

use jsonwebtoken::errors::ErrorKind;
use jsonwebtoken::{
    Algorithm, DecodingKey, EncodingKey, Header, Validation, get_current_timestamp as now,
};
use serde::{Deserialize, Serialize};

use super::scope::Scope;
use crate::credentials::AUDIENCE;

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
    /// It is no token, or not one of ours.
    Unknown,
    Expired,
    /// It is for another API.
    Audience,
}

/// What a token says, with the claims that Auth0 puts into one. That `tenant` is among them is inferred: it is part of
/// the request for a token.
#[derive(Serialize, Deserialize)]
struct Claims {
    iss: String,
    sub: String,
    aud: String,
    iat: u64,
    exp: u64,
    jti: String,
    azp: String,
    gty: String,
    tenant: String,
    scope: String,
}

/// Signs tokens and checks them. Nothing is remembered: a token says all there is to know about it.
pub(crate) struct Tokens {
    issuer: String,
    lifetime: Duration,
    signing: EncodingKey,
    checking: DecodingKey,
}

impl fmt::Debug for Tokens {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.debug_struct("Tokens").field("lifetime", &self.lifetime).finish_non_exhaustive()
    }
}

impl Tokens {
    /// Those of the sandbox at `url`, with a key of their own. None if the system has no random numbers.
    pub(crate) fn new(url: &str, lifetime: Duration) -> Option<Self> {
        let mut secret = [0; 32];
        getrandom::fill(&mut secret).ok()?;
        Some(Self {
            issuer: format!("{url}/"),
            lifetime,
            signing: EncodingKey::from_secret(&secret),
            checking: DecodingKey::from_secret(&secret),
        })
    }

    pub(crate) fn lifetime(&self) -> Duration {
        self.lifetime
    }

    /// Makes a token. None if it can't be signed, which is a defect.
    pub(crate) fn issue(&self, bearer: &Bearer) -> Option<String> {
        let mut id = [0; 16];
        getrandom::fill(&mut id).ok()?;
        let iat = now();
        let scopes: Vec<_> = bearer.scopes.iter().map(|scope| scope.as_str()).collect();
        let claims = Claims {
            iss: self.issuer.clone(),
            sub: format!("{}@clients", bearer.client_id),
            aud: AUDIENCE.to_owned(),
            iat,
            exp: iat.saturating_add(self.lifetime.as_secs()),
            jti: format!("{:032x}", u128::from_be_bytes(id)),
            azp: bearer.client_id.clone(),
            gty: "client-credentials".to_owned(),
            tenant: bearer.tenant.clone(),
            scope: scopes.join(" "),
        };
        jsonwebtoken::encode(&Header::new(Algorithm::HS256), &claims, &self.signing).ok()
    }

    /// Who holds `token`, if it is good now.
    pub(crate) fn check(&self, token: &str) -> Result<Bearer, Denied> {
        let mut rules = Validation::new(Algorithm::HS256);
        // A token is good until its second comes, not a minute longer.
        rules.validate_exp = false;
        rules.set_audience(&[AUDIENCE]);
        rules.set_issuer(&[&self.issuer]);
        rules.set_required_spec_claims(&["exp", "aud", "iss"]);
        let claims = jsonwebtoken::decode::<Claims>(token, &self.checking, &rules)
            .map_err(|error| match error.kind() {
                ErrorKind::InvalidAudience => Denied::Audience,
                _ => Denied::Unknown,
            })?
            .claims;
        if claims.exp <= now() {
            return Err(Denied::Expired);
        }
        let granted: Vec<_> = claims.scope.split(' ').collect();
        let scopes =
            Scope::ALL.into_iter().filter(|scope| granted.contains(&scope.as_str())).collect();
        Ok(Bearer { client_id: claims.azp, tenant: claims.tenant, scopes })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const URL: &str = "http://127.0.0.1:1";

    fn bearer() -> Bearer {
        let scopes = vec![Scope::Read, Scope::ReadReports];
        Bearer { client_id: "a".to_owned(), tenant: "b".to_owned(), scopes }
    }

    fn claims(change: impl FnOnce(&mut Claims)) -> Claims {
        let mut claims = Claims {
            iss: format!("{URL}/"),
            sub: "a@clients".to_owned(),
            aud: AUDIENCE.to_owned(),
            iat: now(),
            exp: now() + 60,
            jti: "1".to_owned(),
            azp: "a".to_owned(),
            gty: "client-credentials".to_owned(),
            tenant: "b".to_owned(),
            scope: "read read_reports".to_owned(),
        };
        change(&mut claims);
        claims
    }

    #[test]
    fn a_token_is_good_for_whom_it_was_made() {
        let tokens = Tokens::new(URL, Duration::from_mins(1)).unwrap();
        let token = tokens.issue(&bearer()).unwrap();
        assert_eq!(token.split('.').count(), 3);
        assert_eq!(tokens.check(&token), Ok(bearer()));
        assert_ne!(tokens.issue(&bearer()).unwrap(), token);
    }

    #[test]
    fn signature_expiry_audience_and_issuer_are_checked() {
        let tokens = Tokens::new(URL, Duration::from_mins(1)).unwrap();
        let check = |claims: &Claims, algorithm| {
            let header = Header::new(algorithm);
            tokens.check(&jsonwebtoken::encode(&header, claims, &tokens.signing).unwrap())
        };
        assert_eq!(check(&claims(|_| ()), Algorithm::HS256), Ok(bearer()));
        for (wrong, denied) in [
            (claims(|claims| claims.exp = now()), Denied::Expired),
            (claims(|claims| claims.aud = "us3.techwolf.ai".to_owned()), Denied::Audience),
            (claims(|claims| claims.iss = "http://elsewhere/".to_owned()), Denied::Unknown),
        ] {
            assert_eq!(check(&wrong, Algorithm::HS256), Err(denied));
        }
        assert_eq!(check(&claims(|_| ()), Algorithm::HS384), Err(Denied::Unknown));

        let others = Tokens::new(URL, Duration::from_mins(1)).unwrap();
        assert_eq!(tokens.check(&others.issue(&bearer()).unwrap()), Err(Denied::Unknown));
        let token = tokens.issue(&bearer()).unwrap();
        let unsigned = token.rsplit_once('.').unwrap().0;
        let changed: String = token.chars().rev().collect();
        for wrong in ["", ".", "..", "a.b.c", unsigned, &changed, &format!("{token}x")] {
            assert_eq!(tokens.check(wrong), Err(Denied::Unknown), "{wrong}");
        }
        // {"alg":"none","typ":"JWT"}, the oldest trick with these tokens.
        let body = token.split('.').nth(1).unwrap();
        let none = format!("eyJhbGciOiJub25lIiwidHlwIjoiSldUIn0.{body}.");
        assert_eq!(tokens.check(&none), Err(Denied::Unknown));
    }

    #[test]
    fn a_lifetime_beyond_the_clock_is_no_panic() {
        let tokens = Tokens::new(URL, Duration::MAX).unwrap();
        let token = tokens.issue(&bearer()).unwrap();
        assert_eq!(tokens.check(&token), Ok(bearer()));
    }
}
