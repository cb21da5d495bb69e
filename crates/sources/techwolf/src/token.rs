//! The token that requests carry.

use std::time::{Duration, Instant};

use serde::{Deserialize, Serialize};
use serde_json::Value;
use taskferry_core::{ErrorKind, Secret, StageError};
use taskferry_retry::{Attempts, status_error};

use crate::answer::Answer;
use crate::check::{ClientCredentials, Credentials};
use crate::client::{Client, Post};

/// How long a token lasts whose issuer does not say it.
const UNSAID_LIFETIME: Duration = Duration::from_mins(5);
/// How long before its end a token is replaced at the latest.
const LONGEST_MARGIN: Duration = Duration::from_mins(1);
/// More than any answer with a token needs.
const MAX_ANSWER_BYTES: u64 = 1 << 20;

/// Where tokens come from, and the one in use.
#[derive(Debug)]
pub(crate) struct Tokens {
    credentials: Credentials,
    issued: Option<Issued>,
}

#[derive(Debug)]
struct Issued {
    token: Secret,
    at: Instant,
    usable_for: Duration,
}

/// As TechWolf documents it (seen): JSON, `tenant` beside the usual fields, `scopes` a list.
#[derive(Serialize)]
struct TokenRequest<'a> {
    client_id: &'a str,
    client_secret: &'a str,
    audience: &'a str,
    grant_type: &'a str,
    tenant: &'a str,
    #[serde(skip_serializing_if = "<[_]>::is_empty")]
    scopes: &'a [String],
}

#[derive(Deserialize)]
struct TokenAnswer {
    access_token: Secret,
    #[serde(default)]
    expires_in: Value,
}

impl Tokens {
    pub(crate) fn new(credentials: Credentials) -> Self {
        Self { credentials, issued: None }
    }

    /// A token that is good for a while: the one in use, or a new one.
    ///
    /// # Errors
    /// Why none could be had, after retries.
    pub(crate) async fn bearer(&mut self, client: &mut Client) -> Result<Secret, StageError> {
        let credentials = match &self.credentials {
            Credentials::Token(token) => return Ok(token.clone()),
            Credentials::Client(credentials) => credentials,
        };
        if let Some(issued) = &self.issued
            && issued.at.elapsed() < issued.usable_for
        {
            return Ok(issued.token.clone());
        }
        let issued = request_token(credentials, client)
            .await
            .map_err(|error| error.context("asking for a token"))?;
        Ok(self.issued.insert(issued).token.clone())
    }

    /// Gives up the token in use; false when there is no way to get another.
    pub(crate) fn forget(&mut self) -> bool {
        self.issued = None;
        matches!(self.credentials, Credentials::Client(_))
    }

    /// All that must not be shown when an answer repeats it.
    pub(crate) fn secrets(&self) -> Vec<&Secret> {
        let own = match &self.credentials {
            Credentials::Token(token) => token,
            Credentials::Client(credentials) => &credentials.client_secret,
        };
        self.issued.iter().map(|issued| &issued.token).chain([own]).collect()
    }
}

async fn request_token(
    credentials: &ClientCredentials,
    client: &mut Client,
) -> Result<Issued, StageError> {
    let request = TokenRequest {
        client_id: &credentials.client_id,
        client_secret: credentials.client_secret.expose(),
        audience: &credentials.audience,
        grant_type: "client_credentials",
        tenant: &credentials.tenant,
        scopes: &credentials.scopes,
    };
    let body = serde_json::to_vec(&request).map_err(|error| {
        StageError::new(ErrorKind::Defect, "the request can't be written").caused_by(error)
    })?;
    let post = Post::new(credentials.token_url.clone(), body, MAX_ANSWER_BYTES);
    let options = client.retry;
    let mut attempts = Attempts::new(&options, "asking for a token");
    let mut sent = 0;
    loop {
        client.count_repeat(&mut sent);
        let at = Instant::now();
        let issued = client.send(&post, None).await.and_then(|answer| {
            let issued = if answer.is_success() {
                read_token(&answer.body, at)
            } else {
                Err(refusal(&answer, credentials))
            };
            issued.map_err(|error| error.context(&post.shown))
        });
        match issued {
            Ok(issued) => return Ok(issued),
            Err(error) => attempts.wait_after(error).await?,
        }
    }
}

fn refusal(answer: &Answer, credentials: &ClientCredentials) -> StageError {
    let message = answer.describe(&[&credentials.client_secret]);
    let error = answer.with_wait(status_error(answer.status.as_u16(), message.clone()));
    match error.kind() {
        ErrorKind::Config => error.hint("correct `token_url` in [source.auth]"),
        // Whatever the issuer calls it, what it refuses are the credentials.
        ErrorKind::Auth | ErrorKind::Refused => StageError::new(ErrorKind::Auth, message)
            .hint("check the credentials, audience and tenant in [source.auth]"),
        _ => error,
    }
}

/// Nothing of the answer is shown: there may be a token in it.
fn read_token(body: &[u8], at: Instant) -> Result<Issued, StageError> {
    let answer: Option<TokenAnswer> = serde_json::from_slice(body).ok();
    let Some(answer) = answer.filter(|answer| !answer.access_token.is_empty()) else {
        let message = "the answer holds no `access_token`";
        return Err(StageError::new(ErrorKind::Malformed, message).temporary());
    };
    let lifetime = lifetime(&answer.expires_in);
    let usable_for = lifetime.saturating_sub(LONGEST_MARGIN.min(lifetime / 10));
    Ok(Issued { token: answer.access_token, at, usable_for })
}

/// Seconds as a number, or as text as some issuers have it.
fn lifetime(expires_in: &Value) -> Duration {
    let seconds = match expires_in {
        Value::Number(number) => number.as_f64(),
        Value::String(text) => text.trim().parse().ok(),
        _ => None,
    };
    match seconds {
        Some(seconds) => Duration::try_from_secs_f64(seconds.max(0.0)).unwrap_or(UNSAID_LIFETIME),
        None => UNSAID_LIFETIME,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn a_token_is_replaced_a_tenth_or_a_minute_before_its_end() {
        let usable = |expires_in: Value| {
            let body = json!({"access_token": "t", "expires_in": expires_in}).to_string();
            read_token(body.as_bytes(), Instant::now()).unwrap().usable_for.as_secs_f64()
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

    #[test]
    fn an_answer_without_a_token_shows_nothing_of_itself() {
        for body in [r#"{"access_token": ""}"#, r#"{"access_token": 4711}"#, "secret", ""] {
            let error = read_token(body.as_bytes(), Instant::now()).unwrap_err();
            assert!(error.is_temporary());
            assert_eq!(error.full_message(), "the answer holds no `access_token`");
        }
    }
}
