//! What a server says.

use std::sync::Arc;
use std::time::{Duration, SystemTime};

use bytes::Bytes;
use reqwest::header::{LOCATION, RETRY_AFTER};
use reqwest::{Response, StatusCode};
use taskferry_sdk::{Secret, StageError};
use url::Url;

use crate::excerpt::excerpt;
use crate::retry_after::retry_after;
use crate::status::status_error;

/// The header by which `taskferry sandbox` tells itself apart from a tenant.
const SANDBOX_HEADER: &str = "x-taskferry-sandbox";

/// An answer, as much of it as was wanted.
#[derive(Debug)]
pub struct Answer {
    /// Its status.
    pub status: StatusCode,
    /// How long it asks to wait, by `Retry-After`.
    pub wait: Option<Duration>,
    /// Scheme, host and port it points to, by `Location`.
    pub location: Option<String>,
    /// Whether `taskferry sandbox` answered, as it says itself: what it serves is made up.
    pub sandbox: bool,
    /// The body, or its beginning.
    pub body: Bytes,
    /// What the request carried in secret by its address and its proxy's.
    credentials: Arc<[Secret]>,
}

impl Answer {
    /// All but the body.
    pub(crate) fn of(response: &Response, url: &Url, credentials: Arc<[Secret]>) -> Self {
        let header = |name| response.headers().get(name).and_then(|value| value.to_str().ok());
        let wait = header(RETRY_AFTER).and_then(|value| retry_after(value, SystemTime::now()));
        let location = header(LOCATION)
            .and_then(|location| url.join(location).ok())
            .map(|location| location.origin().ascii_serialization());
        let sandbox = response.headers().contains_key(SANDBOX_HEADER);
        Self { status: response.status(), wait, location, sandbox, body: Bytes::new(), credentials }
    }

    /// An [excerpt](crate::excerpt()) of the body or a part of it, in which neither `secrets` stand nor the credentials of
    /// the address and of the proxy: an answer may repeat what was sent.
    pub fn excerpt(&self, text: &[u8], secrets: &[&Secret]) -> Option<String> {
        let all: Vec<&Secret> = secrets.iter().copied().chain(self.credentials.iter()).collect();
        excerpt(text, &all)
    }

    /// Whether the request did what it was meant to do (2xx).
    pub fn is_success(&self) -> bool {
        self.status.is_success()
    }

    /// The status in words, `the server answered 404 Not Found` for example, and where a redirect leads.
    pub fn said(&self) -> String {
        let reason = self.status.canonical_reason().map(|reason| format!(" {reason}"));
        let code = self.status.as_u16();
        let said = format!("the server answered {code}{}", reason.unwrap_or_default());
        match &self.location {
            Some(origin) if self.status.is_redirection() => {
                format!("{said}, which leads to {origin} and is not followed")
            }
            _ => said,
        }
    }

    /// An error of the kind and status that the answer's status stands for, with the wait it asks for.
    pub fn error(&self, message: impl Into<String>) -> StageError {
        let error = status_error(self.status.as_u16(), message);
        match self.wait {
            Some(wait) => error.retry_after(wait),
            None => error,
        }
    }
}
