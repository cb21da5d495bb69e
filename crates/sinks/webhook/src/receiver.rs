//! Whoever stands behind the URL.

use std::fmt;

use bytes::Bytes;
use taskferry_core::{Duration, Secret, StageError};
use taskferry_http::header::{CONTENT_TYPE, HeaderMap, HeaderValue};
use taskferry_http::{Advice, Answer, Client, Connection, Reading, StatusCode};
use taskferry_retry::{Attempts, RetryOptions, excerpt};
use url::{Position, Url};

const ADVICE: Advice = Advice {
    slow: "raise `timeout` or lower `batch_records` of this sink",
    unreachable: "check the `url` of this sink, and that this machine may reach it",
};

/// How batches are posted, wherever they go.
#[derive(Debug)]
pub(crate) struct Posting {
    pub(crate) headers: HeaderMap,
    /// The values of the headers: not to be shown when an answer repeats them.
    pub(crate) header_values: Vec<Secret>,
    pub(crate) timeout: Duration,
    pub(crate) connection: Connection,
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

/// The way to a [`Receiver`], and what went over it.
#[derive(Debug)]
pub(crate) struct Courier {
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
    pub(crate) fn connect(&self) -> Result<Courier, StageError> {
        let Posting { timeout, connection, .. } = &self.posting;
        let http = Client::new(self.url.clone(), *timeout, connection, ADVICE)?;
        Ok(Courier { http, requests: 0, retries: 0 })
    }

    fn refusal(&self, answer: &Answer) -> StageError {
        let mut message = answer.said();
        if !answer.status.is_redirection()
            && let Some(text) = excerpt(&answer.body, &self.known())
        {
            message = format!("{message}: {text}");
        }
        let error = answer.error(message);
        match hint(answer.status) {
            Some(hint) => error.hint(hint),
            None => error,
        }
    }

    fn known(&self) -> Vec<&Secret> {
        self.secrets.iter().collect()
    }
}

impl Courier {
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
        let mut headers = receiver.posting.headers.clone();
        headers.insert(CONTENT_TYPE, HeaderValue::from_static("application/json"));
        if let Ok(key) = HeaderValue::from_str(key) {
            headers.insert("idempotency-key", key);
        }
        // What it says beside yes is of no use, but a connection that was read to the end can be used again.
        let answer = self.http.post(headers, body.clone(), Reading::Beginning).await?;
        if answer.is_success() { Ok(()) } else { Err(receiver.refusal(&answer)) }
    }

    /// Requests sent, and those among them that repeated a failed one.
    pub(crate) fn counts(&self) -> (u64, u64) {
        (self.requests, self.retries)
    }
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
