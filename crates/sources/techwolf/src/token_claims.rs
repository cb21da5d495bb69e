//! The claims of an access token.

use std::time::Duration;

use jiff::{SignedDuration, Timestamp};
use serde::Deserialize;
use serde_json::Value;
use taskferry_sdk::{Finding, Secret};

/// The remaining lifetime below which a run probably outlives a token that can't be renewed.
const FIXED_TOKEN_MARGIN: SignedDuration = SignedDuration::from_mins(10);

/// The public claims of a token. A token without readable claims has none.
#[derive(Debug, Default, Deserialize)]
pub(crate) struct Claims {
    exp: Option<f64>,
    /// Scopes, separated by spaces (RFC 9068).
    #[serde(default)]
    scope: Value,
    /// Scopes as a list, as in the token request (seen).
    #[serde(default)]
    scopes: Value,
    /// The scopes of a role, as Auth0 lists them.
    #[serde(default)]
    permissions: Value,
}

impl Claims {
    /// Reads the claims of a token without verifying its signature.
    pub(crate) fn of(token: &Secret) -> Self {
        jsonwebtoken::dangerous::insecure_decode_claims(token.expose()).unwrap_or_default()
    }

    /// The claims, with the scopes of the token response.
    pub(crate) fn with_scope(mut self, scope: Option<&str>) -> Self {
        if let Some(scope) = scope {
            self.scope = Value::from(scope);
        }
        self
    }

    /// The granted scopes; empty if the token does not name them.
    fn scopes(&self) -> Vec<&str> {
        let mut scopes = Vec::new();
        for claim in [&self.scope, &self.scopes, &self.permissions] {
            match claim {
                Value::String(text) => scopes.extend(text.split_whitespace()),
                Value::Array(texts) => scopes.extend(texts.iter().filter_map(Value::as_str)),
                _ => {}
            }
        }
        scopes.sort_unstable();
        scopes.dedup();
        scopes
    }

    fn expires_at(&self) -> Option<Timestamp> {
        let seconds = self.exp.filter(|seconds| seconds.is_finite())?;
        let since_epoch = SignedDuration::try_from_secs_f64(seconds).ok()?;
        Timestamp::UNIX_EPOCH.checked_add(since_epoch).ok()
    }
}

/// Describes a token: its expiry and its scopes. `usable_for` is the remaining lifetime of an issued token, or `None` for a
/// fixed token, which can't be renewed.
pub(crate) fn token_finding(
    claims: &Claims,
    usable_for: Option<Duration>,
    requested: &[String],
    now: Timestamp,
) -> Finding {
    let expires_at = claims.expires_at();
    let left = expires_at.map(|at| at.duration_since(now));
    let expiry = match (usable_for, expires_at) {
        (Some(usable_for), _) => format!("a token was issued, usable for {}", shown(usable_for)),
        (None, Some(at)) => format!("the token expires at {at:.0}"),
        (None, None) => "the token does not say when it expires".to_owned(),
    };
    let granted = claims.scopes();
    let text = match granted[..] {
        [] => format!("{expiry}; its scopes are not known"),
        _ => format!("{expiry}; its scopes are {}", granted.join(", ")),
    };
    if let (None, Some(at), Some(left)) = (usable_for, expires_at, left) {
        if left.is_negative() || left.is_zero() {
            return Finding::failed(format!("the token expired at {at:.0}"))
                .hint("set a new `token`, or client credentials, in [source.auth]");
        }
        if left < FIXED_TOKEN_MARGIN {
            return Finding::warning(text).hint(
                "a run fails when the token expires; set client credentials in [source.auth]",
            );
        }
    }
    let missing: Vec<&str> = requested
        .iter()
        .map(String::as_str)
        .filter(|scope| !granted.is_empty() && !granted.contains(scope))
        .collect();
    if missing.is_empty() {
        return Finding::ok(text);
    }
    Finding::warning(format!("{text}; the token lacks requested scopes: {}", missing.join(", ")))
        .hint("correct `scopes` in [source.auth], or ask TechWolf for these scopes")
}

fn shown(duration: Duration) -> String {
    match duration.as_secs() {
        seconds @ 0..120 => format!("{seconds} s"),
        seconds @ 120..7200 => format!("{} min", seconds / 60),
        seconds => format!("{} h", seconds / 3600),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;
    use taskferry_sdk::Verdict;

    fn finding(claims: Value, usable_for: Option<u64>, requested: &[&str]) -> Finding {
        let claims: Claims = serde_json::from_value(claims).unwrap();
        let requested: Vec<String> = requested.iter().map(|scope| (*scope).to_owned()).collect();
        let now = "2026-11-28T12:00:00Z".parse().unwrap();
        token_finding(&claims, usable_for.map(Duration::from_secs), &requested, now)
    }

    #[test]
    fn a_token_names_its_scopes_in_each_form() {
        for claims in [
            json!({"scope": "write read"}),
            json!({"scopes": ["read", "write"]}),
            json!({"permissions": ["write"], "scope": "read"}),
        ] {
            let found = finding(claims, Some(10_740), &["read"]);
            assert_eq!(found.verdict, Verdict::Ok);
            assert_eq!(
                found.text,
                "a token was issued, usable for 2 h; its scopes are read, write"
            );
        }
    }

    #[test]
    fn a_scope_that_was_not_granted_is_a_warning() {
        let found = finding(json!({"scope": "read"}), Some(60), &["read", "write"]);
        assert_eq!(found.verdict, Verdict::Warning);
        assert!(
            found.text.ends_with("; the token lacks requested scopes: write"),
            "{}",
            found.text
        );
        // If the granted scopes are not known, none is reported as missing.
        assert_eq!(finding(json!({}), Some(60), &["read"]).verdict, Verdict::Ok);
    }

    #[test]
    fn an_expired_token_fails_and_one_that_expires_soon_is_a_warning() {
        let at = |instant: &str| json!({"exp": instant.parse::<Timestamp>().unwrap().as_second()});
        assert_eq!(finding(at("2026-11-28T11:59:00Z"), None, &[]).verdict, Verdict::Failed);
        assert_eq!(finding(at("2026-11-28T12:05:00Z"), None, &[]).verdict, Verdict::Warning);
        assert_eq!(finding(at("2026-11-28T13:00:00Z"), None, &[]).verdict, Verdict::Ok);
        assert_eq!(finding(json!({"exp": 1e300}), None, &[]).verdict, Verdict::Ok);
        assert_eq!(finding(json!({}), None, &[]).verdict, Verdict::Ok);
    }
}
