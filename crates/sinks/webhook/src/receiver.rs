//! Whoever stands behind the URL.

use std::fmt;
use std::time::SystemTime;

use bytes::Bytes;
use reqwest::header::{CONTENT_TYPE, HeaderMap, LOCATION, RETRY_AFTER};
use reqwest::{Client, Response, StatusCode, redirect, retry};
use taskferry_core::{Duration, ErrorKind, Secret, StageError};
use taskferry_retry::{
    Attempts, RetryOptions, excerpt, is_this_machine, retry_after, root_cause, status_error,
};
use url::{Position, Url};

/// How long it may take until a connection stands, however long the whole request may take.
const CONNECT_TIMEOUT: std::time::Duration = std::time::Duration::from_secs(20);
/// How much of an answer is read.
const MAX_ANSWER_BYTES: usize = 64 << 10;

/// How batches are posted, wherever they go.
#[derive(Debug)]
pub(crate) struct Posting {
    pub(crate) headers: HeaderMap,
    /// The values of the headers: not to be shown when an answer repeats them.
    pub(crate) header_values: Vec<Secret>,
    pub(crate) timeout: Duration,
    pub(crate) retry: RetryOptions,
}

/// Where batches go, and how.
pub(crate) struct Receiver {
    url: Url,
    posting: Posting,
    /// What must not be shown when an answer repeats it.
    secrets: Vec<Secret>,
    /// How messages name it.
    shown: String,
}

impl fmt::Debug for Receiver {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.debug_struct("Receiver").field("url", &self.shown).finish_non_exhaustive()
    }
}

/// An HTTP client for a [`Receiver`], and what it did.
#[derive(Debug)]
pub(crate) struct Connection {
    http: Client,
    requests: u64,
    retries: u64,
}

impl Receiver {
    pub(crate) fn new(url: Url, mut posting: Posting) -> Self {
        let shown = format!("{}/…", url.origin().ascii_serialization());
        let secrets = secrets_of(&url, std::mem::take(&mut posting.header_values));
        Self { url, posting, secrets, shown }
    }

    /// The whole URL. Not to be shown.
    pub(crate) fn url(&self) -> &str {
        self.url.as_str()
    }

    /// A client that has not connected yet.
    ///
    /// # Errors
    /// When the system has no certificates to check `https` servers with.
    pub(crate) fn connect(&self) -> Result<Connection, StageError> {
        let mut builder = Client::builder()
            .user_agent(concat!("taskferry/", env!("CARGO_PKG_VERSION")))
            // Records and headers go to no host that the pipeline file does not name.
            .redirect(redirect::Policy::none())
            .retry(retry::never())
            .connect_timeout(CONNECT_TIMEOUT.min(self.posting.timeout.get()))
            .timeout(self.posting.timeout.get());
        if self.url.scheme() == "http" && self.url.host_str().is_some_and(is_this_machine) {
            // No proxy leads back to this machine, and a machine without certificates can still be reached.
            builder = builder.no_proxy().tls_certs_only([]);
        }
        let http = builder.build().map_err(|error| {
            StageError::new(ErrorKind::Config, "https can't be set up")
                .caused_by(error.without_url())
                .hint(
                    "install the system's CA certificates, or name a file of them in SSL_CERT_FILE",
                )
        })?;
        Ok(Connection { http, requests: 0, retries: 0 })
    }

    fn transport_error(&self, error: reqwest::Error) -> StageError {
        let error = error.without_url();
        if error.is_timeout() {
            let message = format!("no answer came within {}", self.posting.timeout);
            return StageError::new(ErrorKind::Timeout, message)
                .temporary()
                .hint("raise `timeout` or lower `batch_records` of this sink");
        }
        let (kind, what) = match () {
            () if error.is_builder() => (ErrorKind::Config, "the request can't be sent"),
            () if error.is_connect() => (ErrorKind::Network, "no connection"),
            () => (ErrorKind::Network, "the connection broke"),
        };
        let message = format!("{what}: {}", root_cause(&error));
        let unreachable = error.is_connect();
        let error = StageError::new(kind, message);
        match kind {
            ErrorKind::Config => error,
            _ if unreachable => error
                .temporary()
                .hint("check the `url` of this sink, and that this machine may reach it"),
            _ => error.temporary(),
        }
    }

    async fn refusal(&self, mut response: Response) -> StageError {
        let status = response.status();
        let header = |name| response.headers().get(name).and_then(|value| value.to_str().ok());
        let wait = header(RETRY_AFTER).and_then(|value| retry_after(value, SystemTime::now()));
        let location = header(LOCATION).and_then(|location| self.url.join(location).ok());
        let reason = status.canonical_reason().map(|reason| format!(" {reason}"));
        let mut message =
            format!("the server answered {}{}", status.as_u16(), reason.unwrap_or_default());
        if let Some(location) = location.filter(|_| status.is_redirection()) {
            let origin = location.origin().ascii_serialization();
            message = format!("{message}, which leads to {origin} and is not followed");
        } else if let Some(text) = excerpt(&read_beginning(&mut response).await, &self.known()) {
            message = format!("{message}: {text}");
        }
        let error = status_error(status.as_u16(), message);
        let error = match wait {
            Some(wait) => error.retry_after(wait),
            None => error,
        };
        match hint(status) {
            Some(hint) => error.hint(hint),
            None => error,
        }
    }

    fn known(&self) -> Vec<&Secret> {
        self.secrets.iter().collect()
    }
}

impl Connection {
    /// Sends a batch until the receiver has it.
    ///
    /// # Errors
    /// Why it has not, after retries.
    pub(crate) async fn deliver(
        &mut self,
        receiver: &Receiver,
        body: &Bytes,
        key: &str,
        name: &str,
    ) -> Result<(), StageError> {
        let mut attempts = Attempts::new(&receiver.posting.retry, name);
        loop {
            self.requests += 1;
            match self.send(receiver, body, key).await {
                Ok(()) => return Ok(()),
                Err(error) => {
                    attempts.wait_after(error.context(format!("POST {}", receiver.shown))).await?;
                }
            }
            self.retries += 1;
        }
    }

    async fn send(&self, receiver: &Receiver, body: &Bytes, key: &str) -> Result<(), StageError> {
        let request = self
            .http
            .post(receiver.url.clone())
            .headers(receiver.posting.headers.clone())
            .header(CONTENT_TYPE, "application/json")
            .header("idempotency-key", key)
            .body(body.clone());
        let mut response = request.send().await.map_err(|error| receiver.transport_error(error))?;
        if !response.status().is_success() {
            return Err(receiver.refusal(response).await);
        }
        // What it says beside yes is of no use, but a connection that was read to the end can be used again.
        read_beginning(&mut response).await;
        Ok(())
    }

    /// Requests sent, and those among them that repeated a failed one.
    pub(crate) fn counts(&self) -> (u64, u64) {
        (self.requests, self.retries)
    }
}

async fn read_beginning(response: &mut Response) -> Vec<u8> {
    let mut body = Vec::new();
    while body.len() < MAX_ANSWER_BYTES
        && let Ok(Some(chunk)) = response.chunk().await
    {
        body.extend_from_slice(&chunk);
    }
    body
}

fn hint(status: StatusCode) -> Option<&'static str> {
    match status.as_u16() {
        300..=399 => Some("correct the `url` of this sink"),
        401 | 403 => Some("check the `headers` and the `url` of this sink"),
        404 | 405 | 410 => Some("check the `url` of this sink"),
        413 => Some("lower `batch_bytes` or `batch_records` of this sink"),
        _ => None,
    }
}

/// The URL whole and in part, the values of the headers, and what follows a scheme such as `Bearer`.
fn secrets_of(url: &Url, header_values: Vec<Secret>) -> Vec<Secret> {
    let whole = [url.as_str(), &url[Position::BeforePath..], url.path()];
    let segments = url.path_segments().into_iter().flatten().map(Secret::new);
    let values = url.query_pairs().map(|(_, value)| Secret::new(value));
    let credentials: Vec<Secret> = header_values
        .iter()
        .filter_map(|value| value.expose().split_once(' '))
        .map(|(_, credentials)| Secret::new(credentials))
        .collect();
    let whole = whole.into_iter().map(Secret::new).chain(header_values);
    // What is shorter is no secret, and taking it out would make a text unreadable.
    let is_secret = |secret: &Secret| secret.expose().len() >= 6;
    whole.chain(segments).chain(values).chain(credentials).filter(is_secret).collect()
}
