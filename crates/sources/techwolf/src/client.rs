//! One request and its answer.

use std::time::SystemTime;

use bytes::Bytes;
use reqwest::header::{ACCEPT, CONTENT_TYPE, LOCATION, RETRY_AFTER};
use reqwest::{Response, StatusCode, redirect, retry};
use taskferry_core::{DisplayUrl, Duration, ErrorKind, Secret, SourceStatistics, StageError};
use taskferry_retry::{RetryOptions, is_this_machine, retry_after, root_cause};
use url::Url;

use crate::answer::Answer;

/// How long it may take until a connection stands, however long the whole request may take.
const CONNECT_TIMEOUT: std::time::Duration = std::time::Duration::from_secs(20);
/// How much of an answer that tells of an error is read.
const MAX_ERROR_BYTES: u64 = 64 << 10;

/// Sends requests, and counts them.
#[derive(Debug)]
pub(crate) struct Client {
    http: reqwest::Client,
    timeout: Duration,
    pub(crate) retry: RetryOptions,
    pub(crate) statistics: SourceStatistics,
}

/// A JSON document to send.
#[derive(Debug)]
pub(crate) struct Post {
    url: Url,
    body: Bytes,
    max_answer_bytes: u64,
    /// How errors name it.
    pub(crate) shown: String,
}

impl Post {
    pub(crate) fn new(url: Url, body: impl Into<Bytes>, max_answer_bytes: u64) -> Self {
        let mut address = url.clone();
        address.set_query(None);
        let shown = format!("POST {}", DisplayUrl(address.as_str()));
        Self { url, body: body.into(), max_answer_bytes, shown }
    }
}

impl Client {
    /// A client for these addresses.
    ///
    /// # Errors
    /// When the system has no certificates to check `https` servers with.
    pub(crate) fn new(
        urls: &[&Url],
        timeout: Duration,
        retry_options: RetryOptions,
    ) -> Result<Self, StageError> {
        let mut builder = reqwest::Client::builder()
            .user_agent(concat!("taskferry/", env!("CARGO_PKG_VERSION")))
            // A token is never sent to a host that the pipeline file does not name.
            .redirect(redirect::Policy::none())
            .retry(retry::never())
            .connect_timeout(CONNECT_TIMEOUT.min(timeout.get()))
            .timeout(timeout.get());
        if urls
            .iter()
            .all(|url| url.scheme() == "http" && url.host_str().is_some_and(is_this_machine))
        {
            // No proxy leads back to this machine, and a machine without certificates can still be asked.
            builder = builder.no_proxy().tls_certs_only([]);
        }
        let http = builder.build().map_err(|error| {
            StageError::new(ErrorKind::Config, "https can't be set up")
                .caused_by(error.without_url())
                .hint(
                    "install the system's CA certificates, or name a file of them in SSL_CERT_FILE",
                )
        })?;
        let statistics = SourceStatistics::default();
        Ok(Self { http, timeout, retry: retry_options, statistics })
    }

    /// Counts an attempt; all but the first repeat a request.
    pub(crate) fn count_repeat(&mut self, attempts: &mut u32) {
        self.statistics.retries += u64::from(*attempts > 0);
        *attempts += 1;
    }

    /// Sends a request and reads the whole answer, whatever its status says.
    ///
    /// # Errors
    /// When no whole answer came in time, or one beyond the limit.
    pub(crate) async fn send(
        &mut self,
        post: &Post,
        bearer: Option<&Secret>,
    ) -> Result<Answer, StageError> {
        self.statistics.requests += 1;
        let mut request = self
            .http
            .post(post.url.clone())
            .header(CONTENT_TYPE, "application/json")
            .header(ACCEPT, "application/json")
            .body(post.body.clone());
        if let Some(token) = bearer {
            request = request.bearer_auth(token.expose());
        }
        let answer = async {
            let response = request.send().await.map_err(|error| self.transport_error(error))?;
            self.read(response, post).await
        };
        answer.await.map_err(|error| error.context(&post.shown))
    }

    async fn read(&self, mut response: Response, post: &Post) -> Result<Answer, StageError> {
        let status = response.status();
        let header = |name| response.headers().get(name).and_then(|value| value.to_str().ok());
        let wait = header(RETRY_AFTER).and_then(|value| retry_after(value, SystemTime::now()));
        let location = header(LOCATION).and_then(|location| post.url.join(location).ok());
        let body = if status.is_success() {
            self.read_body(&mut response, post.max_answer_bytes).await?
        } else {
            // The status tells enough; what else can be had of the body is welcome.
            read_beginning(&mut response).await
        };
        Ok(Answer { status, wait, location, body })
    }

    async fn read_body(
        &self,
        response: &mut Response,
        max_bytes: u64,
    ) -> Result<Bytes, StageError> {
        let announced = response.content_length().unwrap_or(0);
        if announced > max_bytes {
            return Err(too_large(max_bytes));
        }
        let mut body = Vec::with_capacity(usize::try_from(announced).unwrap_or(0).min(1 << 20));
        while let Some(chunk) =
            response.chunk().await.map_err(|error| self.transport_error(error))?
        {
            if (body.len() + chunk.len()) as u64 > max_bytes {
                return Err(too_large(max_bytes));
            }
            body.extend_from_slice(&chunk);
        }
        // The records share these bytes for as long as they live.
        body.shrink_to_fit();
        Ok(Bytes::from(body))
    }

    fn transport_error(&self, error: reqwest::Error) -> StageError {
        let error = error.without_url();
        if error.is_timeout() {
            let message = format!("no whole answer came within {}", self.timeout);
            return StageError::new(ErrorKind::Timeout, message)
                .temporary()
                .hint("raise `timeout` or lower `limit` in [source]");
        }
        let (kind, what) = match () {
            () if error.is_builder() => (ErrorKind::Config, "the request can't be sent"),
            () if error.is_connect() => (ErrorKind::Network, "no connection"),
            () if error.is_decode() => (ErrorKind::Malformed, "the answer can't be decoded"),
            () => (ErrorKind::Network, "the connection broke"),
        };
        let message = format!("{what}: {}", root_cause(&error));
        let unreachable = error.is_connect();
        let error = StageError::new(kind, message);
        match kind {
            ErrorKind::Config => error,
            _ if unreachable => error.temporary().hint(
                "check `url` and `token_url` in [source], and that this machine may reach them",
            ),
            _ => error.temporary(),
        }
    }
}

async fn read_beginning(response: &mut Response) -> Bytes {
    let mut body = Vec::new();
    while (body.len() as u64) < MAX_ERROR_BYTES
        && let Ok(Some(chunk)) = response.chunk().await
    {
        body.extend_from_slice(&chunk);
    }
    Bytes::from(body)
}

fn too_large(max_bytes: u64) -> StageError {
    let message = format!("the answer is larger than {max_bytes} bytes");
    StageError::new(ErrorKind::Limit, message)
        .hint("lower `limit` or raise `max_page_bytes` in [source]")
}

impl Answer {
    /// Whether the request did what it was meant to do.
    pub(crate) fn is_success(&self) -> bool {
        self.status.is_success()
    }

    /// Whether the token was not accepted.
    pub(crate) fn is_unauthorized(&self) -> bool {
        self.status == StatusCode::UNAUTHORIZED
    }
}
