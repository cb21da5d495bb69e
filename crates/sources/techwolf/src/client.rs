//! Requests to one address that ask for JSON, counted.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};

use bytes::Bytes;
use taskferry_http::header::{ACCEPT, AUTHORIZATION, CONTENT_TYPE, HeaderMap, HeaderValue};
use taskferry_http::{Answer, Reading, bearer};
use taskferry_sdk::{DisplayUrl, Secret, SourceStatistics, StageError};

/// What all clients of a source sent so far.
#[derive(Debug, Default)]
pub(crate) struct Counts {
    requests: AtomicU64,
    retries: AtomicU64,
    /// Whether any answer was the sandbox's.
    sandbox: AtomicBool,
}

impl Counts {
    /// Counts an attempt; all but the first repeat a request.
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

/// Asks one address for JSON.
#[derive(Debug)]
pub(crate) struct Client {
    http: taskferry_http::Client,
    max_answer_bytes: u64,
    pub(crate) counts: Arc<Counts>,
    /// How errors name a request.
    pub(crate) shown: String,
}

impl Client {
    /// `method` is that of the requests, for messages.
    pub(crate) fn new(
        http: taskferry_http::Client,
        method: &str,
        max_answer_bytes: u64,
        counts: Arc<Counts>,
    ) -> Self {
        let mut address = http.url().clone();
        address.set_query(None);
        let shown = format!("{method} {}", DisplayUrl(address.as_str()));
        Self { http, max_answer_bytes, counts, shown }
    }

    /// Sends a request and reads the whole answer, whatever its status says.
    ///
    /// # Errors
    /// When no whole answer came in time, or one beyond the limit.
    pub(crate) async fn post(
        &self,
        body: Bytes,
        token: Option<&Secret>,
    ) -> Result<Answer, StageError> {
        let mut headers = accepting_json();
        headers.insert(CONTENT_TYPE, JSON);
        if let Some(token) = token {
            headers.insert(AUTHORIZATION, bearer(token)?);
        }
        self.counts.requests.fetch_add(1, Ordering::Relaxed);
        let answer = self.http.post(headers, body, self.reading()).await;
        self.noted(answer)
    }

    /// Asks with these parameters and reads the whole answer, whatever its status says.
    ///
    /// # Errors
    /// As [`Client::post`].
    pub(crate) async fn get(
        &self,
        parameters: &[(&str, String)],
        token: &Secret,
    ) -> Result<Answer, StageError> {
        let mut headers = accepting_json();
        headers.insert(AUTHORIZATION, bearer(token)?);
        self.counts.requests.fetch_add(1, Ordering::Relaxed);
        let answer = self.http.get(headers, parameters, self.reading()).await;
        self.noted(answer)
    }

    /// Takes note of who answered.
    fn noted(&self, answer: Result<Answer, StageError>) -> Result<Answer, StageError> {
        let answer = answer.map_err(|error| error.context(&self.shown))?;
        self.counts.sandbox.fetch_or(answer.sandbox, Ordering::Relaxed);
        Ok(answer)
    }

    fn reading(&self) -> Reading {
        Reading::Whole { max_bytes: self.max_answer_bytes }
    }
}

const JSON: HeaderValue = HeaderValue::from_static("application/json");

fn accepting_json() -> HeaderMap {
    HeaderMap::from_iter([(ACCEPT, JSON)])
}
