//! Responses.

use std::sync::Arc;
use std::time::{Duration, SystemTime};

use bytes::Bytes;
use reqwest::StatusCode;
use reqwest::header::{DATE, LOCATION, RETRY_AFTER};
use reqwest::tls::TlsInfo;
use taskferry_sdk::{ErrorKind, Secret, StageError};
use url::Url;

use crate::excerpt::excerpt;

/// The header that marks the responses of `taskferry sandbox`.
const SANDBOX_HEADER: &str = "x-taskferry-sandbox";

/// A response and the part of its body that was read.
#[derive(Debug)]
pub struct Response {
    /// The status.
    pub status: StatusCode,
    /// The wait that `Retry-After` asks for.
    pub wait: Option<Duration>,
    /// Scheme, host and port of `Location`.
    pub location: Option<String>,
    /// Whether `taskferry sandbox` sent the response, so that its data is not real.
    pub sandbox: bool,
    /// The server's clock, from `Date`.
    pub date: Option<SystemTime>,
    /// The server's certificate in DER form, which was verified; `None` without TLS.
    pub certificate: Option<Bytes>,
    /// The body, or its beginning.
    pub body: Bytes,
    /// The credentials in the addresses of the server and the proxy.
    credentials: Arc<[Secret]>,
}

impl Response {
    pub(crate) fn without_body(
        response: &reqwest::Response,
        url: &Url,
        credentials: Arc<[Secret]>,
    ) -> Self {
        let header = |name| response.headers().get(name).and_then(|value| value.to_str().ok());
        let wait = header(RETRY_AFTER).and_then(|value| retry_after(value, SystemTime::now()));
        let location = header(LOCATION)
            .and_then(|location| url.join(location).ok())
            .map(|location| location.origin().ascii_serialization());
        let sandbox = response.headers().contains_key(SANDBOX_HEADER);
        let date = header(DATE).and_then(|date| httpdate::parse_http_date(date).ok());
        let tls = response.extensions().get::<TlsInfo>();
        let certificate = tls.and_then(|tls| tls.peer_certificate().map(Bytes::copy_from_slice));
        let (status, body) = (response.status(), Bytes::new());
        Self { status, wait, location, sandbox, date, certificate, body, credentials }
    }

    /// An [excerpt](crate::excerpt()) of the body or a part of it, without `secrets` and without the credentials of the address
    /// and the proxy: a response may repeat the request.
    pub fn excerpt(&self, text: &[u8], secrets: &[&Secret]) -> Option<String> {
        let all: Vec<&Secret> = secrets.iter().copied().chain(self.credentials.iter()).collect();
        excerpt(text, &all)
    }

    /// Whether the status is 2xx.
    pub fn is_success(&self) -> bool {
        self.status.is_success()
    }

    /// The status as a sentence, for example `the server answered 404 Not Found`, with the target of a redirect.
    pub fn summary(&self) -> String {
        let reason = self.status.canonical_reason().map(|reason| format!(" {reason}"));
        let code = self.status.as_u16();
        let summary = format!("the server answered {code}{}", reason.unwrap_or_default());
        match &self.location {
            Some(origin) if self.status.is_redirection() => {
                format!("{summary}, a redirect to {origin}, which is not followed")
            }
            _ => summary,
        }
    }

    /// The status as a sentence, and an [excerpt](Self::excerpt) of the body.
    pub fn description(&self, secrets: &[Secret]) -> String {
        let summary = self.summary();
        let secrets: Vec<&Secret> = secrets.iter().collect();
        let text = self.excerpt(&self.body, &secrets).filter(|_| !self.status.is_redirection());
        match text {
            Some(text) => format!("{summary}: {text}"),
            None => summary,
        }
    }

    /// Converts the response to an error. The HTTP status determines the error kind and whether the error is temporary.
    /// `Retry-After` is kept.
    pub fn error(&self, message: impl Into<String>) -> StageError {
        let error = status_error(self.status.as_u16(), message);
        match self.wait {
            Some(wait) => error.retry_after(wait),
            None => error,
        }
    }
}

/// Converts an HTTP status code to an error: 408, 425, 429 and 5xx are temporary, all others are permanent.
fn status_error(status: u16, message: impl Into<String>) -> StageError {
    let (kind, temporary) = match status {
        300..=399 => (ErrorKind::Config, false),
        401 | 403 | 407 => (ErrorKind::Auth, false),
        408 | 504 => (ErrorKind::Timeout, true),
        425 | 500..=599 => (ErrorKind::Unavailable, true),
        429 => (ErrorKind::RateLimited, true),
        _ => (ErrorKind::Refused, false),
    };
    let error = StageError::new(kind, message);
    if temporary { error.temporary() } else { error }
}

/// The wait that a `Retry-After` header asks for, from `now`: seconds, with or without a fraction, or an HTTP date (RFC 9110,
/// section 10.2.3). The wait for a date in the past is zero. Returns `None` for any other value.
fn retry_after(value: &str, now: SystemTime) -> Option<Duration> {
    let value = value.trim();
    if value.starts_with(|first: char| first.is_ascii_digit())
        && value.bytes().all(|byte| byte.is_ascii_digit() || byte == b'.')
        && let Ok(seconds) = value.parse::<f64>()
    {
        // A number beyond the range is the longest wait.
        return Some(Duration::try_from_secs_f64(seconds).unwrap_or(Duration::from_secs(u64::MAX)));
    }
    let date = httpdate::parse_http_date(value).ok()?;
    Some(date.duration_since(now).unwrap_or_default())
}
