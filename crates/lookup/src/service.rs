//! Requests to the service.

use std::fmt;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use serde::Serialize;
use serde::de::DeserializeOwned;
use taskferry_http::header::{ACCEPT, CONTENT_TYPE, HeaderMap, HeaderValue};
use taskferry_http::{Client, ReadBody, Response, StatusCode};
use taskferry_retry::{Attempts, RateLimit, RetryOptions, Waiting};
use taskferry_sdk::bytes::Bytes;
use taskferry_sdk::serde_json::{self, error::Category};
use taskferry_sdk::{DisplayUrl, ErrorKind, Secret, StageError};

use crate::settings::Settings;

/// What a request waits for.
const TURN: &str = "the next request that the service allows";
const JSON: HeaderValue = HeaderValue::from_static("application/json");
/// A longer response is parsed on a blocking thread.
const MAX_PARSED_IN_PLACE: usize = 64 << 10;

/// The service that the options name. Its requests have the headers, limits and retries of the options.
#[derive(Clone)]
pub struct Service {
    shared: Arc<Shared>,
    /// The number of keys of the batch.
    keys: usize,
}

struct Shared {
    client: Client,
    secrets: Vec<Secret>,
    max_bytes: u64,
    retry: RetryOptions,
    rate: RateLimit,
    requests: AtomicU64,
    /// The address in messages.
    shown: String,
}

impl fmt::Debug for Service {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.debug_struct("Service").field("url", &self.shared.shown).finish_non_exhaustive()
    }
}

impl Service {
    /// Creates the service without connecting.
    pub(crate) async fn open(settings: &Settings) -> Result<Self, StageError> {
        let Settings { options, server, secrets, .. } = settings;
        let mut server = server.clone();
        server.headers.entry(ACCEPT).or_insert(JSON);
        let mut address = server.url.clone();
        address.set_query(None);
        let shared = Shared {
            client: server.client().await?,
            secrets: secrets.clone(),
            max_bytes: options.max_response_bytes.get(),
            retry: options.retry,
            rate: RateLimit::per_second(options.rate_limit.unwrap_or_default()),
            requests: AtomicU64::new(0),
            shown: DisplayUrl(address.as_str()).to_string(),
        };
        Ok(Self { shared: Arc::new(shared), keys: 1 })
    }

    /// The service for a batch of this number of keys.
    pub(crate) fn for_keys(&self, keys: usize) -> Self {
        Self { shared: Arc::clone(&self.shared), keys }
    }

    pub(crate) fn take_requests(&self) -> u64 {
        self.shared.requests.swap(0, Ordering::Relaxed)
    }

    /// A GET request to the `url` of the options.
    pub fn get(&self) -> Request<'_> {
        Request { service: self, segments: Vec::new(), parameters: Vec::new(), body: None }
    }

    /// A POST request to the `url` of the options, with this value as JSON.
    pub fn post(&self, body: &impl Serialize) -> Request<'_> {
        Request { body: Some(serde_json::to_vec(body).map(Bytes::from)), ..self.get() }
    }
}

/// A request to a [`Service`].
///
/// A failed request is repeated as `retry` and a `Retry-After` require. A request that fails after its last attempt returns an error:
///
/// | response | error |
/// |---|---|
/// | 400, 413, 414, 422, or more bytes than `max_response_bytes` | refuses the keys of the request |
/// | 404, 410 | refuses the key, if the request has one key. See [`json_if_found`](Self::json_if_found) |
/// | any other status except 2xx, a timeout, no connection, a body that is not the expected JSON | fatal: ends the run |
#[derive(Debug)]
#[must_use = "the request is sent by `json` or `json_if_found`"]
pub struct Request<'a> {
    service: &'a Service,
    segments: Vec<String>,
    parameters: Vec<(&'a str, String)>,
    body: Option<serde_json::Result<Bytes>>,
}

impl<'a> Request<'a> {
    /// Appends a segment to the path of a GET request: `https://hr.example.com/titles/` and a key. The segment is encoded.
    pub fn segment(mut self, segment: impl Into<String>) -> Self {
        self.segments.push(segment.into());
        self
    }

    /// Adds a query parameter to a GET request. The value is encoded.
    pub fn parameter(mut self, name: &'a str, value: impl Into<String>) -> Self {
        self.parameters.push((name, value.into()));
        self
    }

    /// Sends the request, and reads the JSON of the response.
    ///
    /// # Errors
    /// See [`Request`].
    pub async fn json<T: DeserializeOwned + Send + 'static>(self) -> Result<T, StageError> {
        let found = self.send(|_| false).await?;
        found.ok_or_else(|| StageError::new(ErrorKind::Defect, "a response was left out"))
    }

    /// As [`json`](Self::json). Returns `None` if the status is 404 or 410, with which many services answer the request for one
    /// unknown key.
    ///
    /// # Errors
    /// See [`Request`].
    pub async fn json_if_found<T>(self) -> Result<Option<T>, StageError>
    where
        T: DeserializeOwned + Send + 'static,
    {
        self.send(is_missing).await
    }

    /// Sends the request, with retries. Returns `None` for the statuses that `is_none` selects.
    async fn send<T>(self, is_none: fn(StatusCode) -> bool) -> Result<Option<T>, StageError>
    where
        T: DeserializeOwned + Send + 'static,
    {
        self.check()?;
        let shared = &*self.service.shared;
        let method = if self.body.is_some() { "POST" } else { "GET" };
        let name = format!("{method} {}", shared.shown);
        let mut attempts = Attempts::new(&shared.retry, &name);
        loop {
            shared.rate.acquire(TURN, TURN).await;
            shared.requests.fetch_add(1, Ordering::Relaxed);
            let waiting = Waiting::without_end("the lookup service");
            let answered = self.attempt(is_none).await;
            drop(waiting);
            match answered {
                Ok(answer) => return Ok(answer),
                Err(error) => {
                    shared.rate.pause_after(&error, &shared.retry);
                    let given_up = attempts.wait_after(error).await;
                    given_up.map_err(|error| error.context(&name))?;
                }
            }
        }
    }

    /// Checks that the path segments stay below the `url`, and that the body was serialized.
    fn check(&self) -> Result<(), StageError> {
        if self.body.is_some() && !(self.segments.is_empty() && self.parameters.is_empty()) {
            let message = "a POST request has no `segment` and no `parameter`";
            return Err(StageError::new(ErrorKind::Defect, message).fatal());
        }
        let wrong = self.segments.iter().find(|it| matches!(it.as_str(), "" | "." | ".."));
        if let Some(wrong) = wrong {
            let message = format!(
                "the key `{wrong}` can't be a segment of the URL path: segments must not be empty, `.` or `..`"
            );
            return Err(StageError::new(ErrorKind::Record, message));
        }
        match &self.body {
            Some(Err(error)) => {
                let message = format!("the request can't be written as JSON: {error}");
                Err(StageError::new(ErrorKind::Defect, message).fatal())
            }
            _ => Ok(()),
        }
    }

    /// Sends the request once.
    async fn attempt<T>(&self, is_none: fn(StatusCode) -> bool) -> Result<Option<T>, StageError>
    where
        T: DeserializeOwned + Send + 'static,
    {
        let shared = &*self.service.shared;
        let read = ReadBody::Whole { max_bytes: shared.max_bytes };
        let client = &shared.client;
        let sent = match &self.body {
            Some(Ok(body)) => {
                let headers = HeaderMap::from_iter([(CONTENT_TYPE, JSON)]);
                client.post(headers, body.clone(), read).await
            }
            _ => client.get_below(&self.segments, HeaderMap::new(), &self.parameters, read).await,
        };
        match sent {
            Ok(response) if is_none(response.status) => Ok(None),
            Ok(response) if response.is_success() => {
                parse(response, &shared.secrets).await.map(Some)
            }
            Ok(response) => Err(self.refusal(&response)),
            Err(error) if error.kind() == ErrorKind::Limit => {
                Err(error.hint("raise `max_response_bytes` or lower `batch` of the lookup"))
            }
            Err(error) => Err(error.fatal()),
        }
    }

    fn refusal(&self, response: &Response) -> StageError {
        let status = response.status;
        let mut error = response.error(response.description(&self.service.shared.secrets));
        if let Some(hint) = hint(status) {
            error = error.hint(hint);
        }
        let concerns_keys = match status.as_u16() {
            400 | 413 | 414 | 422 => true,
            _ => is_missing(status) && self.service.keys == 1,
        };
        if concerns_keys { error } else { error.fatal() }
    }
}

fn is_missing(status: StatusCode) -> bool {
    matches!(status, StatusCode::NOT_FOUND | StatusCode::GONE)
}

async fn parse<T>(response: Response, secrets: &[Secret]) -> Result<T, StageError>
where
    T: DeserializeOwned + Send + 'static,
{
    let body = response.body.clone();
    let parsed = if body.len() <= MAX_PARSED_IN_PLACE {
        serde_json::from_slice(&body)
    } else {
        let parsed = tokio::task::spawn_blocking(move || serde_json::from_slice(&body)).await;
        parsed.map_err(|panic| {
            StageError::new(ErrorKind::Defect, "reading the response panicked").caused_by(panic)
        })?
    };
    parsed.map_err(|error: serde_json::Error| {
        let secrets: Vec<&Secret> = secrets.iter().collect();
        let excerpt = |text: &[u8]| response.excerpt(text, &secrets).unwrap_or_default();
        let (reason, body) = (excerpt(error.to_string().as_bytes()), excerpt(&response.body));
        if error.classify() == Category::Data {
            let message = format!("the response does not have the expected form: {reason}: {body}");
            return StageError::new(ErrorKind::Malformed, message)
                .hint("check the `url` of the lookup, and the version of the service")
                .fatal();
        }
        let message = format!("the response is not JSON: {reason}: {body}");
        StageError::new(ErrorKind::Malformed, message)
            .hint("check the `url` of the lookup")
            .temporary()
            .fatal()
    })
}

fn hint(status: StatusCode) -> Option<&'static str> {
    match status.as_u16() {
        300..=399 | 404 | 405 | 410 => Some("check the `url` of the lookup"),
        400 | 422 => Some(
            "check which keys the service accepts, or set `on_error = \"dead_letter\"` to continue without the refused records",
        ),
        401 | 403 => Some("check the `headers` and the `url` of the lookup"),
        407 => Some("check `connection.proxy` of the lookup"),
        413 | 414 => Some("lower `batch` of the lookup"),
        429 => Some("lower `rate_limit` or `concurrency` of the lookup, or run again later"),
        500.. => Some("run again when the service is available"),
        _ => None,
    }
}
