//! Counted JSON requests to one address.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};

use bytes::Bytes;
use taskferry_http::header::{ACCEPT, AUTHORIZATION, CONTENT_TYPE, HeaderMap, HeaderValue};
use taskferry_http::{ReadBody, Response, bearer};
use taskferry_sdk::{DisplayUrl, Secret, SourceStatistics, StageError};

/// The counters that all clients of a source share.
#[derive(Debug, Default)]
pub(crate) struct Counts {
    requests: AtomicU64,
    retries: AtomicU64,
    /// Whether any response came from the sandbox.
    sandbox: AtomicBool,
}

impl Counts {
    /// Counts an attempt at a request. All attempts but the first are retries.
    pub(crate) fn attempt(&self, attempts: &mut u32) {
        self.retries.fetch_add(u64::from(*attempts > 0), Ordering::Relaxed);
        *attempts += 1;
    }

    pub(crate) fn statistics(&self) -> SourceStatistics {
        let mut statistics = SourceStatistics::default();
        statistics.requests = self.requests.load(Ordering::Relaxed);
        statistics.retries = self.retries.load(Ordering::Relaxed);
        statistics.sandbox = self.sandbox.load(Ordering::Relaxed);
        statistics
    }
}

/// Sends JSON requests to one address.
#[derive(Debug)]
pub(crate) struct Client {
    http: taskferry_http::Client,
    read: ReadBody,
    pub(crate) counts: Arc<Counts>,
    pub(crate) request_name: String,
}

impl Client {
    /// `method` is the method of the requests, for messages.
    pub(crate) fn new(
        http: taskferry_http::Client,
        method: &str,
        max_bytes: u64,
        counts: Arc<Counts>,
    ) -> Self {
        let mut address = http.url().clone();
        address.set_query(None);
        let request_name = format!("{method} {}", DisplayUrl(address.as_str()));
        Self { http, read: ReadBody::Whole { max_bytes }, counts, request_name }
    }

    /// Sends a POST request and reads the whole response, whatever its status is.
    pub(crate) async fn post(
        &self,
        body: Bytes,
        token: Option<&Secret>,
    ) -> Result<Response, StageError> {
        let mut headers = headers(token)?;
        headers.insert(CONTENT_TYPE, JSON);
        self.counts.requests.fetch_add(1, Ordering::Relaxed);
        self.counted(self.http.post(headers, body, self.read).await)
    }

    /// Sends a GET request with these parameters and reads the whole response, whatever its status is.
    pub(crate) async fn get(
        &self,
        parameters: &[(&str, String)],
        token: &Secret,
    ) -> Result<Response, StageError> {
        let headers = headers(Some(token))?;
        self.counts.requests.fetch_add(1, Ordering::Relaxed);
        self.counted(self.http.get(headers, parameters, self.read).await)
    }

    fn counted(&self, response: Result<Response, StageError>) -> Result<Response, StageError> {
        let response = response.map_err(|error| error.context(&self.request_name))?;
        self.counts.sandbox.fetch_or(response.sandbox, Ordering::Relaxed);
        Ok(response)
    }
}

const JSON: HeaderValue = HeaderValue::from_static("application/json");

fn headers(token: Option<&Secret>) -> Result<HeaderMap, StageError> {
    let mut headers = HeaderMap::from_iter([(ACCEPT, JSON)]);
    if let Some(token) = token {
        headers.insert(AUTHORIZATION, bearer(token)?);
    }
    Ok(headers)
}
