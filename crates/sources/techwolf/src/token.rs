//! Tokens, and the responses of the token endpoint.

use std::time::{Duration, Instant};

use bytes::Bytes;
use serde_json::Value;
use taskferry_json::Body;
use taskferry_sdk::{ErrorKind, Secret, StageError};

use crate::fields::{field, parse_object};

/// The lifetime of a token without `expires_in`.
const DEFAULT_LIFETIME: Duration = Duration::from_mins(5);
/// A token is replaced at most this long before it expires.
const MAX_MARGIN: Duration = Duration::from_mins(1);

/// A token and its lifetime.
#[derive(Debug, Clone)]
pub(crate) struct AccessToken {
    pub(crate) token: Secret,
    /// The time of the request, or of the read from the cache.
    pub(crate) at: Instant,
    pub(crate) usable_for: Duration,
    /// The granted scopes, separated by spaces, if the issuer named them.
    pub(crate) scope: Option<String>,
}

impl AccessToken {
    /// Parses the response to a request that was sent `at` this instant. Errors do not show the response, because it may
    /// contain a token.
    pub(crate) fn parse(body: &Bytes, at: Instant) -> Result<Self, StageError> {
        let json = parse_object(body).ok();
        let root = json.as_ref().map(Body::root);
        let token = root.and_then(|root| field::<Secret>(root, "access_token").ok());
        let Some(token) = token.filter(|token| !token.is_empty()) else {
            let message = "the response contains no `access_token`";
            let error = StageError::new(ErrorKind::Malformed, message).temporary();
            return Err(error.hint("check that `token_url` in [source.auth] is the token endpoint"));
        };
        let expires_in = root.and_then(|root| field(root, "expires_in").ok());
        let lifetime = lifetime(&expires_in.unwrap_or_default());
        let usable_for = lifetime.saturating_sub(MAX_MARGIN.min(lifetime / 10));
        let scope = root.and_then(|root| field(root, "scope").ok());
        Ok(Self { token, at, usable_for, scope })
    }
}

/// Parses `expires_in`: seconds as a number, or as a string as some issuers send it.
fn lifetime(expires_in: &Value) -> Duration {
    let seconds = match expires_in {
        Value::Number(number) => number.as_f64(),
        Value::String(text) => text.trim().parse().ok(),
        _ => None,
    };
    match seconds {
        Some(seconds) => Duration::try_from_secs_f64(seconds.max(0.0)).unwrap_or(DEFAULT_LIFETIME),
        None => DEFAULT_LIFETIME,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn a_token_is_replaced_a_tenth_or_a_minute_before_it_expires() {
        let usable = |expires_in: Value| {
            let body = json!({"access_token": "t", "expires_in": expires_in}).to_string();
            AccessToken::parse(&body.into(), Instant::now()).unwrap().usable_for.as_secs_f64()
        };
        let close = |actual: f64, expected: f64| (actual - expected).abs() < 0.001;
        for (expires_in, expected) in [
            (json!(10800), 10740.0),
            (json!(100), 90.0),
            (json!("100"), 90.0),
            (json!(0.5), 0.45),
            (json!(0), 0.0),
            (json!(-5), 0.0),
            (json!(1e300), 270.0),
            (json!(null), 270.0),
        ] {
            assert!(close(usable(expires_in.clone()), expected), "{expires_in}");
        }
    }
}
