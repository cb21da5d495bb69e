//! A server, and how requests reach it.

use std::fmt;

use reqwest::header::HeaderMap;
use taskferry_sdk::Duration;
use url::Url;

use crate::Connection;

/// A server, and how a stage sends requests to it. It has no open connection.
#[derive(Clone)]
pub struct Server {
    /// The address of all requests, which may contain credentials.
    pub url: Url,
    /// The headers of every request.
    pub headers: HeaderMap,
    /// The time limit of a whole request, from connecting to the last byte of the response.
    pub timeout: Duration,
    /// The certificate authorities and the proxy.
    pub connection: Connection,
    /// The hints of errors.
    pub hints: Hints,
}

/// The hints of errors, which name the stage's own options.
#[derive(Debug, Clone, Copy)]
pub struct Hints {
    /// The response was not complete in time.
    pub timeout: &'static str,
    /// The connection failed.
    pub unreachable: &'static str,
}

impl Server {
    /// Scheme, host and port.
    pub fn origin(&self) -> String {
        self.url.origin().ascii_serialization()
    }
}

/// Shows no credentials.
impl fmt::Debug for Server {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.debug_struct("Server").field("origin", &self.origin()).finish_non_exhaustive()
    }
}
