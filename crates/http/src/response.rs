//! Responses.

use std::sync::Arc;
use std::time::{Duration, SystemTime};

use bytes::Bytes;
use reqwest::StatusCode;
use reqwest::header::{DATE, LOCATION, RETRY_AFTER};
use reqwest::tls::TlsInfo;
use taskferry_sdk::{Secret, StageError};
use url::Url;

use crate::excerpt::excerpt;
use crate::retry_after::retry_after;
use crate::status::status_error;

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
