//! The source of access tokens.

use std::time::Instant;

use serde::Serialize;
use taskferry_http::Response;
use taskferry_retry::{Attempts, RetryOptions, Waiting};
use taskferry_sdk::{ErrorKind, Secret, StageError};
use tokio::sync::Mutex;

use crate::assertion::ASSERTION_TYPE;
use crate::client::Client;
use crate::credentials::{ClientAuth, ClientCredentials};
use crate::refusal::describe;
use crate::token::AccessToken;
use crate::token_cache::TokenCache;

#[derive(Debug)]
pub(crate) enum Tokens {
    Fixed(Secret),
    /// Tokens that are requested and renewed.
    Requested(Box<TokenProvider>),
}

/// The name of a token request in messages.
const REQUEST: &str = "requesting a token";

/// Requests tokens, and keeps the current one.
#[derive(Debug)]
pub(crate) struct TokenProvider {
    client: Client,
    credentials: ClientCredentials,
    retry: RetryOptions,
    cache: Option<TokenCache>,
    /// Locked while a token is requested, so that concurrent callers wait for the same token. The only lock of this crate
    /// that is held across an await.
    current: Mutex<Option<AccessToken>>,
}

/// The documented request (seen): JSON, the usual fields and `tenant`, and `scopes` as a list. The fields of an assertion follow
/// RFC 7523 (inferred).
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
    /// A usable token: the current one, or a new one.
    pub(crate) async fn bearer(&self) -> Result<Secret, StageError> {
        match self {
            Self::Fixed(token) => Ok(token.clone()),
            Self::Requested(provider) => {
                provider.access_token().await.map(|access_token| access_token.token)
            }
        }
    }

    /// Discards a refused token, unless it was replaced already. Returns false if tokens can't be renewed.
    pub(crate) async fn invalidate(&self, token: &Secret) -> bool {
        match self {
            Self::Fixed(_) => false,
            Self::Requested(provider) => {
                provider.invalidate(token).await;
                true
            }
        }
    }

    /// The secret that a response may repeat, in addition to the token of the request.
    pub(crate) fn secret(&self) -> Option<&Secret> {
        match self {
            Self::Fixed(token) => Some(token),
            Self::Requested(provider) => provider.credentials.secret(),
        }
    }
}

impl TokenProvider {
    /// Starts with the token in the cache, if there is one.
    pub(crate) async fn new(
        client: Client,
        credentials: ClientCredentials,
        retry: RetryOptions,
        cache: Option<TokenCache>,
    ) -> Self {
        let cached = match &cache {
            Some(cache) => cache.read().await,
            None => None,
        };
        Self { client, credentials, retry, cache, current: Mutex::new(cached) }
    }

    /// A usable token, with its lifetime and its scopes.
    pub(crate) async fn access_token(&self) -> Result<AccessToken, StageError> {
        let mut current = self.current.lock().await;
        if let Some(access_token) = &*current
            && access_token.at.elapsed() < access_token.usable_for
        {
            return Ok(access_token.clone());
        }
        let access_token = self.request().await.map_err(|error| error.context(REQUEST))?;
        let access_token = current.insert(access_token);
        if let Some(cache) = &self.cache {
            cache.store(access_token).await;
        }
        Ok(access_token.clone())
    }

    /// The scopes that token requests ask for.
    pub(crate) fn requested_scopes(&self) -> &[String] {
        &self.credentials.scopes
    }

    async fn invalidate(&self, token: &Secret) {
        let mut current = self.current.lock().await;
        if current
            .as_ref()
            .is_some_and(|access_token| access_token.token.expose() == token.expose())
        {
            *current = None;
            if let Some(cache) = &self.cache {
                cache.clear().await;
            }
        }
    }

    async fn request(&self) -> Result<AccessToken, StageError> {
        let mut attempts = Attempts::new(&self.retry, REQUEST);
        let mut sent = 0;
        loop {
            self.client.counts.attempt(&mut sent);
            let waiting = Waiting::without_end("a token");
            let access_token = self.attempt().await;
            drop(waiting);
            match access_token {
                Ok(access_token) => return Ok(access_token),
                Err(error) => attempts.wait_after(error).await?,
            }
        }
    }

    async fn attempt(&self) -> Result<AccessToken, StageError> {
        let credentials = &self.credentials;
        let mut request = TokenRequest {
            client_id: &credentials.client_id,
            audience: &credentials.audience,
            grant_type: "client_credentials",
            tenant: &credentials.tenant,
            scopes: &credentials.scopes,
            ..TokenRequest::default()
        };
        let secret = match &credentials.auth {
            ClientAuth::Secret(secret) => secret.clone(),
            // An assertion is valid once, so every attempt needs a new one.
            ClientAuth::Key(signer) => signer.assertion(&credentials.client_id)?,
        };
        match &credentials.auth {
            ClientAuth::Secret(_) => request.client_secret = Some(secret.expose()),
            ClientAuth::Key(_) => {
                request.client_assertion_type = Some(ASSERTION_TYPE);
                request.client_assertion = Some(secret.expose());
            }
        }
        // Serializing strings can't fail.
        let body = serde_json::to_vec(&request).unwrap_or_default();
        let at = Instant::now();
        let response = self.client.post(body.into(), None).await?;
        let access_token = if response.is_success() {
            AccessToken::parse(&response.body, at)
        } else {
            Err(refusal(&response, credentials, &secret))
        };
        access_token.map_err(|error| error.context(&self.client.request_name))
    }
}

/// `secret` is the secret of the request, which the response may repeat.
fn refusal(response: &Response, credentials: &ClientCredentials, secret: &Secret) -> StageError {
    let message = describe(response, &[secret]);
    let error = response.error(message.clone());
    match (response.status.as_u16(), error.kind()) {
        (404 | 405 | 410, _) => {
            error.hint("check `token_url` in [source.auth]: the address is not a token endpoint")
        }
        (407, _) => error.hint("check the proxy: `connection.proxy` in [source], or HTTPS_PROXY"),
        (_, ErrorKind::Config) => error.hint("correct `token_url` in [source.auth]"),
        // The issuer refuses the credentials, whatever the status is.
        (_, ErrorKind::Auth | ErrorKind::Refused) => {
            StageError::new(ErrorKind::Auth, message).hint(match credentials.auth {
                ClientAuth::Secret(_) => "check the credentials, audience and tenant in [source.auth]",
                ClientAuth::Key(_) => {
                    "check the client, its key, audience and tenant in [source.auth], the registration of the key, and this \
                     machine's clock"
                }
            })
        }
        _ => error,
    }
}
