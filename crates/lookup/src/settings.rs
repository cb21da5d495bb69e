//! The checked options.

use taskferry_http::Connection;
use taskferry_http::header::HeaderMap;
use taskferry_retry::RetryOptions;
use taskferry_sdk::{Duration, Secret};
use url::Url;

use crate::cache::CacheLimits;

/// What requests need. Nothing is open.
#[derive(Debug, Clone)]
pub(crate) struct Settings {
    pub(crate) url: Url,
    pub(crate) headers: HeaderMap,
    /// Texts that are removed from excerpts of responses.
    pub(crate) secrets: Vec<Secret>,
    /// The maximum number of keys in a request.
    pub(crate) batch: usize,
    pub(crate) concurrency: usize,
    pub(crate) rate_limit: Option<f64>,
    pub(crate) timeout: Duration,
    pub(crate) max_response_bytes: u64,
    pub(crate) cache: CacheLimits,
    pub(crate) connection: Connection,
    pub(crate) retry: RetryOptions,
}
