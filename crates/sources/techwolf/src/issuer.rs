//! Where the tokens come from that requests carry.

use std::time::Instant;

use bytes::Bytes;
use serde::Serialize;
use taskferry_http::Answer;
use taskferry_retry::{Attempts, RetryOptions};
use taskferry_sdk::{ErrorKind, Secret, StageError};
use tokio::sync::Mutex;

use crate::answer::describe;
use crate::assertion::ASSERTION_TYPE;
use crate::client::Client;
use crate::credentials::{ClientCredentials, Proof};
use crate::token::Issued;
use crate::token_cache::TokenCache;

/// Where tokens come from, and the one in use. To be shared by all who send requests.
#[derive(Debug)]
pub(crate) enum Tokens {
    /// One from elsewhere.
    Given(Secret),
    /// Those that somebody issues.
    Issued(Box<Issuer>),
}

/// Whoever issues tokens.
#[derive(Debug)]
pub(crate) struct Issuer {
    client: Client,
    credentials: ClientCredentials,
    retry: RetryOptions,
    cache: Option<TokenCache>,
    /// Held while a new token is asked for, so that all who need one wait for the same: the one lock of this crate
    /// that is held across an await.
    in_use: Mutex<Option<Issued>>,
}

/// As TechWolf documents it (seen): JSON, `tenant` beside the usual fields, `scopes` a list. The fields of an assertion
/// are those of RFC 7523 (inferred).
#[derive(Default, Serialize)]
struct TokenRequest<'a> {
    client_id: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    client_secret: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    client_assertion_type: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    client_assertion: Option<&'a str>,
    audience: &'a str,
    grant_type: &'a str,
    tenant: &'a str,
    #[serde(skip_serializing_if = "<[_]>::is_empty")]
    scopes: &'a [String],
}

impl Tokens {
    /// A token that is good for a while: the one in use, or a new one.
    ///
    /// # Errors
    /// Why none could be had, after retries.
    pub(crate) async fn bearer(&self) -> Result<Secret, StageError> {
        match self {
            Self::Given(token) => Ok(token.clone()),
            Self::Issued(issuer) => issuer.bearer().await,
        }
    }

    /// Gives up a token that was refused, unless it was replaced meanwhile; false when there is no way to get another.
    pub(crate) async fn refused(&self, token: &Secret) -> bool {
        match self {
            Self::Given(_) => false,
            Self::Issued(issuer) => {
                issuer.refused(token).await;
                true
            }
        }
    }

    /// What must not be shown when an answer repeats it, beside the token that was sent.
    pub(crate) fn secret(&self) -> Option<&Secret> {
        match self {
            Self::Given(token) => Some(token),
            Self::Issued(issuer) => issuer.credentials.secret(),
        }
    }
}

impl Issuer {
    /// With the token that was kept, if there is one.
    pub(crate) async fn new(
        client: Client,
        credentials: ClientCredentials,
        retry: RetryOptions,
        cache: Option<TokenCache>,
    ) -> Self {
        let kept = match &cache {
            Some(cache) => cache.read().await,
            None => None,
        };
        Self { client, credentials, retry, cache, in_use: Mutex::new(kept) }
    }

    async fn bearer(&self) -> Result<Secret, StageError> {
        let mut in_use = self.in_use.lock().await;
        if let Some(issued) = &*in_use
            && issued.at.elapsed() < issued.usable_for
        {
            return Ok(issued.token.clone());
        }
        let issued = self.ask().await.map_err(|error| error.context("asking for a token"))?;
        let issued = in_use.insert(issued);
        if let Some(cache) = &self.cache {
            cache.keep(issued).await;
        }
        Ok(issued.token.clone())
    }

    async fn refused(&self, token: &Secret) {
        let mut in_use = self.in_use.lock().await;
        if in_use.as_ref().is_some_and(|issued| issued.token.expose() == token.expose()) {
            *in_use = None;
            if let Some(cache) = &self.cache {
                cache.forget().await;
            }
        }
    }

    async fn ask(&self) -> Result<Issued, StageError> {
        let mut attempts = Attempts::new(&self.retry, "asking for a token");
        let mut sent = 0;
        loop {
            self.client.counts.attempt(&mut sent);
            match self.ask_once().await {
                Ok(issued) => return Ok(issued),
                Err(error) => attempts.wait_after(error).await?,
            }
        }
    }

    async fn ask_once(&self) -> Result<Issued, StageError> {
        let credentials = &self.credentials;
        let mut request = TokenRequest {
            client_id: &credentials.client_id,
            audience: &credentials.audience,
            grant_type: "client_credentials",
            tenant: &credentials.tenant,
            scopes: &credentials.scopes,
            ..TokenRequest::default()
        };
        let shown = match &credentials.proof {
            Proof::Secret(secret) => secret.clone(),
            // Each is good once, so that every attempt needs its own.
            Proof::Key(signer) => signer.assertion(&credentials.client_id)?,
        };
        match &credentials.proof {
            Proof::Secret(_) => request.client_secret = Some(shown.expose()),
            Proof::Key(_) => {
                request.client_assertion_type = Some(ASSERTION_TYPE);
                request.client_assertion = Some(shown.expose());
            }
        }
        let body = serde_json::to_vec(&request).map_err(|error| {
            StageError::new(ErrorKind::Defect, "the request can't be written").caused_by(error)
        })?;
        let at = Instant::now();
        let answer = self.client.post(Bytes::from(body), None).await?;
        let issued = if answer.is_success() {
            Issued::read(&answer.body, at)
        } else {
            Err(refusal(&answer, credentials, &shown))
        };
        issued.map_err(|error| error.context(&self.client.shown))
    }
}

/// `shown` is what the issuer was shown as a proof, and what nobody else is to see.
fn refusal(answer: &Answer, credentials: &ClientCredentials, shown: &Secret) -> StageError {
    let message = describe(answer, &[shown]);
    let error = answer.error(message.clone());
    match (answer.status.as_u16(), error.kind()) {
        (404 | 405 | 410, _) => {
            error.hint("check `token_url` in [source.auth]: no tokens are issued at this address")
        }
        (407, _) => error.hint("check the proxy: `connection.proxy` in [source], or HTTPS_PROXY"),
        (_, ErrorKind::Config) => error.hint("correct `token_url` in [source.auth]"),
        // Whatever the issuer calls it, what it refuses are the credentials.
        (_, ErrorKind::Auth | ErrorKind::Refused) => {
            StageError::new(ErrorKind::Auth, message).hint(match credentials.proof {
                Proof::Secret(_) => "check the credentials, audience and tenant in [source.auth]",
                Proof::Key(_) => {
                    "check the client, its key, audience and tenant in [source.auth], whether the key is registered for \
                     the client, and whether this machine's clock is right"
                }
            })
        }
        _ => error,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;
    use std::sync::Arc;
    use taskferry_http::{Advice, Connection};
    use taskferry_sdk::RunningEndpoint;
    use taskferry_testkit::{FaultServer, Response};

    /// An issuer of `token-1`, `token-2` and so on.
    async fn issuer() -> (FaultServer, Issuer) {
        let mut number = 0;
        let server = FaultServer::start(move |_| {
            number += 1;
            let body = json!({"access_token": format!("token-{number}"), "expires_in": 10_800});
            Response::new(200, body.to_string())
        })
        .await;
        let settings = [
            ("token_url", server.url()),
            ("client_id", "c"),
            ("client_secret", "s"),
            ("audience", "a"),
            ("tenant", "t"),
        ];
        let credentials = ClientCredentials::of_endpoint(&RunningEndpoint {
            url: String::new(),
            webhook_url: String::new(),
            settings: settings.map(|(name, value)| (name, Secret::new(value))).into(),
            guard: Box::new(()),
        });
        let credentials = credentials.unwrap();
        let advice = Advice { slow: "", unreachable: "" };
        let (url, timeout) = (credentials.token_url.clone(), "20s".parse().unwrap());
        let http = taskferry_http::Client::new(url, timeout, &Connection::default(), advice);
        let client = Client::new(http.unwrap(), "POST", 1000, Arc::default());
        let issuer = Issuer::new(client, credentials, RetryOptions::default(), None).await;
        (server, issuer)
    }

    /// The tokens that concurrent callers receive.
    async fn several(tokens: &Arc<Tokens>) -> Vec<String> {
        let all = (0..8).map(|_| {
            let tokens = Arc::clone(tokens);
            tokio::spawn(async move { tokens.bearer().await.unwrap().expose().to_owned() })
        });
        let mut got = Vec::new();
        for one in all.collect::<Vec<_>>() {
            got.push(one.await.unwrap());
        }
        got
    }

    #[tokio::test]
    async fn concurrent_callers_wait_for_the_same_token() {
        let (server, issuer) = issuer().await;
        let tokens = Arc::new(Tokens::Issued(Box::new(issuer)));
        assert_eq!(several(&tokens).await, ["token-1"; 8]);
        // Each of them reports the token as invalid.
        for _ in 0..8 {
            assert!(tokens.refused(&Secret::new("token-1")).await);
        }
        assert_eq!(several(&tokens).await, ["token-2"; 8]);
        assert!(tokens.refused(&Secret::new("token-1")).await);
        assert_eq!(several(&tokens).await, ["token-2"; 8], "that was about the one before");
        assert_eq!(server.requests().len(), 2);
    }

    #[tokio::test]
    async fn a_cancelled_caller_does_not_cancel_the_token_request() {
        let (_server, issuer) = issuer().await;
        {
            let waiting = issuer.bearer();
            tokio::pin!(waiting);
            let polled = std::future::poll_fn(|context| {
                std::task::Poll::Ready(waiting.as_mut().poll(context).is_pending())
            });
            assert!(polled.await, "it is under way and dropped here");
        }
        assert!(issuer.bearer().await.is_ok());
    }
}
