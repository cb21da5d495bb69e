//! Private key JWT (RFC 7523): a client authenticates by an assertion that it signs.
//!
//! TechWolf's pages show the claims `iss` and `sub` (the client's id), `aud` (the URL of the token endpoint) and `exp`. Auth0,
//! which runs the token endpoint, has more rules: a lifetime of at most five minutes, a clock skew of ten seconds, and a `jti`
//! that is used once.

use std::collections::HashMap;
use std::sync::{Mutex, PoisonError};

use jsonwebtoken::{Validation, decode_header, get_current_timestamp as now};
use serde_json::{Map, Value};

use super::key::RegisteredKeys;
use crate::quote::show;
use crate::settings::AssertionAudience;

/// The maximum lifetime of an assertion, in seconds.
const MAX_LIFETIME: u64 = 300;
/// The accepted clock skew, in seconds.
const SKEW: u64 = 10;
/// The maximum number of used assertions that have not expired.
const MAX_USED: usize = 10_000;

/// Refuses an assertion for the reason `text`.
fn problem<T>(text: impl Into<String>) -> Result<T, String> {
    Err(text.into())
}

struct Claims(Map<String, Value>);

impl Claims {
    /// A claim that is not null.
    fn get(&self, name: &str) -> Option<&Value> {
        self.0.get(name).filter(|value| !value.is_null())
    }

    fn text(&self, name: &str) -> Result<Option<&str>, String> {
        match self.get(name) {
            None => Ok(None),
            Some(Value::String(text)) => Ok(Some(text)),
            Some(other) => problem(format!("`{name}` must be a text; it is {}", show(other))),
        }
    }

    /// Seconds since 1970. RFC 7519 allows fractions.
    fn time(&self, name: &str) -> Result<Option<f64>, String> {
        let Some(value) = self.get(name) else { return Ok(None) };
        if let Some(seconds) = value.as_f64() {
            return Ok(Some(seconds));
        }
        let text = if value.is_string() { "the text " } else { "" };
        let shown = show(value);
        problem(format!("`{name}` must be a number, the seconds since 1970; it is {text}{shown}"))
    }
}

pub(crate) struct Assertions {
    keys: RegisteredKeys,
    /// The URL of the sandbox.
    url: String,
    /// Whether the sandbox listens on all addresses. Clients may then use any host name.
    listens_everywhere: bool,
    audience: AssertionAudience,
    /// The clients and `jti`s of used assertions, with their `exp`.
    used: Mutex<HashMap<(String, String), u64>>,
}

impl Assertions {
    pub(crate) fn new(
        keys: RegisteredKeys,
        url: &str,
        listens_everywhere: bool,
        audience: AssertionAudience,
    ) -> Self {
        Self { keys, url: url.to_owned(), listens_everywhere, audience, used: Mutex::default() }
    }

    /// The client that signed the assertion, or why the assertion is refused. `host` is the header `Host` of the request.
    pub(crate) fn check(&self, assertion: &str, host: Option<&str>) -> Result<String, String> {
        let (client_id, claims) = self.verify(assertion)?;
        if claims.text("iss")? != Some(&client_id) {
            return problem("`iss` and `sub` must both be the client_id");
        }
        self.check_audience(claims.get("aud"), host)?;
        let expires = check_times(&claims)?;
        let Some(id) = claims.text("jti")?.filter(|id| (1..=255).contains(&id.len())) else {
            return problem("`jti` is required: 1 to 255 bytes, a new one for each assertion");
        };
        self.use_once(&client_id, id.to_owned(), expires)?;
        Ok(client_id)
    }

    /// Verifies the signature. Returns the client and the claims.
    fn verify(&self, assertion: &str) -> Result<(String, Claims), String> {
        let no_jwt = || "`client_assertion` is not a signed JWT".to_owned();
        let header = decode_header(assertion).map_err(|_| no_jwt())?;
        if header.crit.is_some() {
            return problem("`crit` is not supported: remove it");
        }
        let algorithm = header.alg;
        let unverified =
            jsonwebtoken::dangerous::insecure_decode_claims(assertion).map_err(|_| no_jwt())?;
        let unverified = Claims(unverified);
        let Some(client_id) = unverified.text("sub")? else {
            return problem("`sub` is required: the client_id");
        };
        let Some(keys) = self.keys.get(client_id) else {
            return problem("`sub` is not a client with a registered public key");
        };
        let fitting: Vec<_> = keys.iter().filter(|key| key.algorithm == algorithm).collect();
        if fitting.is_empty() {
            return problem(format!(
                "`alg` is {algorithm:?}, which does not match the client's public key: use RS256 for RSA, ES256 for P-256"
            ));
        }
        for key in fitting {
            let mut rules = Validation::new(algorithm);
            // `check` checks these claims, with better messages.
            rules.validate_exp = false;
            rules.validate_aud = false;
            rules.required_spec_claims.clear();
            if let Ok(verified) = jsonwebtoken::decode(assertion, &key.key, &rules) {
                return Ok((client_id.to_owned(), Claims(verified.claims)));
            }
        }
        problem("the signature does not match the registered public key")
    }

    fn check_audience(&self, audience: Option<&Value>, host: Option<&str>) -> Result<(), String> {
        let named: Vec<&str> = match audience {
            Some(Value::String(one)) => vec![one],
            Some(Value::Array(several)) => several.iter().filter_map(Value::as_str).collect(),
            _ => Vec::new(),
        };
        // The client controls the header, so the header must not make an assertion for another server valid.
        let port = |text: &str| text.rsplit_once(':').map(|(_, port)| port.to_owned());
        let host = host.filter(|host| self.listens_everywhere || port(host) == port(&self.url));
        let bases = [
            Some(self.url.clone()),
            host.map(|host| format!("http://{host}")),
            host.map(|host| format!("https://{host}")),
        ];
        let known = bases.iter().flatten().flat_map(|base| self.audience.of(base));
        if known.into_iter().any(|known| named.contains(&known.as_str())) {
            return Ok(());
        }
        let expected = self.audience.of(&self.url).join(" or ");
        problem(format!("`aud` must be {expected}"))
    }

    fn use_once(&self, client_id: &str, id: String, expires: u64) -> Result<(), String> {
        let mut used = self.used.lock().unwrap_or_else(PoisonError::into_inner);
        let now = now();
        used.retain(|_, expires| *expires + SKEW >= now);
        if used.len() >= MAX_USED {
            return problem(format!(
                "more than {MAX_USED} assertions within five minutes: reuse tokens"
            ));
        }
        if used.insert((client_id.to_owned(), id), expires).is_some() {
            return problem("the `jti` was used before: sign a new assertion for each token");
        }
        Ok(())
    }
}

impl AssertionAudience {
    /// The accepted values of `aud` for a sandbox with this URL.
    fn of(self, base: &str) -> Vec<String> {
        let (token, slash, issuer) =
            (format!("{base}/oauth/token"), format!("{base}/oauth/token/"), format!("{base}/"));
        match self {
            Self::TokenUrl => vec![token],
            Self::TokenUrlSlash => vec![slash],
            Self::Issuer => vec![issuer],
            Self::Any => vec![token, slash, issuer],
        }
    }
}

/// Checks `exp`, `iat` and `nbf`. Returns `exp` in whole seconds since 1970.
#[expect(
    clippy::cast_precision_loss,
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "seconds since 1970 are far below 2^52, and `expires` is near the current time"
)]
fn check_times(claims: &Claims) -> Result<u64, String> {
    let (now, skew, longest) = (now() as f64, SKEW as f64, MAX_LIFETIME as f64);
    let Some(expires) = claims.time("exp")? else {
        return problem("`exp` is required: when the assertion expires, in seconds since 1970");
    };
    if expires <= now - skew {
        return problem("the assertion has expired");
    }
    if expires > now + longest + skew {
        return problem(format!("`exp` must be at most {MAX_LIFETIME} seconds ahead"));
    }
    let issued = claims.time("iat")?.unwrap_or(now);
    if expires - issued > longest + skew {
        let lifetime = expires - issued;
        return problem(format!(
            "the assertion is valid for {lifetime:.0} seconds, from `iat` to `exp`: use at most {MAX_LIFETIME}"
        ));
    }
    if issued > now + skew || claims.time("nbf")?.is_some_and(|from| from > now + skew) {
        return problem("the assertion is not valid yet: check the clock");
    }
    Ok(expires as u64)
}
