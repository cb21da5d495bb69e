//! Access tokens: JWTs that are signed with a key of the sandbox.

use std::time::Duration;

use jsonwebtoken::errors::ErrorKind;
use jsonwebtoken::{
    Algorithm, DecodingKey, EncodingKey, Header, Validation, get_current_timestamp as now,
};
use serde::{Deserialize, Serialize};

use super::scope::Scope;
use crate::credentials::AUDIENCE;

/// The holder of a token.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Bearer {
    pub(crate) client_id: String,
    pub(crate) tenant: String,
    pub(crate) scopes: Vec<Scope>,
}

// Why a token is refused.
pub(crate) const EXPIRED: &str =
    "the access token has expired: request a new one at the token endpoint";
const OTHER_AUDIENCE: &str = "the access token is for another audience";
const UNKNOWN: &str = "the access token is not valid: request one at the token endpoint";

/// The claims of a token, as Auth0 sets them. No public page shows the claim `tenant`: it is inferred from the key `tenant` of token
/// requests.
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

/// Signs and verifies tokens, without state.
pub(crate) struct Tokens {
    issuer: String,
    lifetime: Duration,
    signing_key: EncodingKey,
    verifying_key: DecodingKey,
}

impl Tokens {
    /// Generates a key for the sandbox with this URL. `None` if the system has no random numbers.
    pub(crate) fn new(url: &str, lifetime: Duration) -> Option<Self> {
        let mut secret = [0; 32];
        getrandom::fill(&mut secret).ok()?;
        Some(Self {
            issuer: format!("{url}/"),
            lifetime,
            signing_key: EncodingKey::from_secret(&secret),
            verifying_key: DecodingKey::from_secret(&secret),
        })
    }

    pub(crate) fn lifetime(&self) -> Duration {
        self.lifetime
    }

    /// Signs a token. Returns `None` if signing fails, which is a defect.
    pub(crate) fn issue(&self, bearer: &Bearer) -> Option<String> {
        let header = Header::new(Algorithm::HS256);
        jsonwebtoken::encode(&header, &self.claims(bearer)?, &self.signing_key).ok()
    }

    fn claims(&self, bearer: &Bearer) -> Option<Claims> {
        let mut id = [0; 16];
        getrandom::fill(&mut id).ok()?;
        let iat = now();
        let scopes: Vec<_> = bearer.scopes.iter().map(|scope| scope.as_str()).collect();
        Some(Claims {
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
        })
    }

    /// The holder of a token, or why the token is refused.
    pub(crate) fn check(&self, token: &str) -> Result<Bearer, &'static str> {
        let mut rules = Validation::new(Algorithm::HS256);
        // A token expires exactly at `exp`.
        rules.leeway = 0;
        rules.reject_tokens_expiring_in_less_than = 1;
        rules.set_audience(&[AUDIENCE]);
        rules.set_issuer(&[&self.issuer]);
        rules.set_required_spec_claims(&["exp", "aud", "iss"]);
        let claims = jsonwebtoken::decode::<Claims>(token, &self.verifying_key, &rules)
            .map_err(|error| match error.kind() {
                ErrorKind::ExpiredSignature => EXPIRED,
                ErrorKind::InvalidAudience => OTHER_AUDIENCE,
                _ => UNKNOWN,
            })?
            .claims;
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

    #[test]
    fn a_token_identifies_its_holder() {
        let tokens = Tokens::new(URL, Duration::from_mins(1)).unwrap();
        let token = tokens.issue(&bearer()).unwrap();
        assert_eq!(token.split('.').count(), 3);
        assert_eq!(tokens.check(&token), Ok(bearer()));
        assert_ne!(tokens.issue(&bearer()).unwrap(), token);
    }

    #[test]
    fn signature_expiry_audience_and_issuer_are_checked() {
        let tokens = Tokens::new(URL, Duration::from_mins(1)).unwrap();
        let check = |algorithm, change: fn(&mut Claims)| {
            let mut claims = tokens.claims(&bearer()).unwrap();
            change(&mut claims);
            let header = Header::new(algorithm);
            tokens.check(&jsonwebtoken::encode(&header, &claims, &tokens.signing_key).unwrap())
        };
        assert_eq!(check(Algorithm::HS256, |_| ()), Ok(bearer()));
        assert_eq!(check(Algorithm::HS256, |claims| claims.exp = now()), Err(EXPIRED));
        let other = check(Algorithm::HS256, |claims| claims.aud = "us3.techwolf.ai".to_owned());
        assert_eq!(other, Err(OTHER_AUDIENCE));
        let other = check(Algorithm::HS256, |claims| claims.iss = "http://elsewhere/".to_owned());
        assert_eq!(other, Err(UNKNOWN));
        assert_eq!(check(Algorithm::HS384, |_| ()), Err(UNKNOWN));

        let others = Tokens::new(URL, Duration::from_mins(1)).unwrap();
        assert_eq!(tokens.check(&others.issue(&bearer()).unwrap()), Err(UNKNOWN));
        let token = tokens.issue(&bearer()).unwrap();
        let unsigned = token.rsplit_once('.').unwrap().0;
        let changed: String = token.chars().rev().collect();
        for wrong in ["", ".", "..", "a.b.c", unsigned, &changed, &format!("{token}x")] {
            assert_eq!(tokens.check(wrong), Err(UNKNOWN), "{wrong}");
        }
        // {"alg":"none","typ":"JWT"}
        let body = token.split('.').nth(1).unwrap();
        let none = format!("eyJhbGciOiJub25lIiwidHlwIjoiSldUIn0.{body}.");
        assert_eq!(tokens.check(&none), Err(UNKNOWN));
    }

    #[test]
    fn a_lifetime_beyond_the_clock_is_accepted() {
        let tokens = Tokens::new(URL, Duration::MAX).unwrap();
        let token = tokens.issue(&bearer()).unwrap();
        assert_eq!(tokens.check(&token), Ok(bearer()));
    }
}
