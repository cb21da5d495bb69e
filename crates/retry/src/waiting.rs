//! What a stage waits for.

use std::fmt;

use tokio::time::Instant;
use tracing::Span;

/// Marks that a stage waits, until the value is dropped. The progress line shows long waits.
///
/// It is a span of `tracing`. The wait belongs to the stage in whose code it is created.
#[derive(Debug)]
#[must_use = "the wait ends when this is dropped"]
pub struct Waiting {
    _span: Span,
}

impl Waiting {
    /// The target of the spans.
    pub const TARGET: &str = "taskferry::waiting";

    /// A wait until `end`. The text follows "waiting for".
    pub fn until(end: Instant, reason: impl fmt::Display) -> Self {
        let left = end.saturating_duration_since(Instant::now());
        let wait_ms = u64::try_from(left.as_millis()).unwrap_or(u64::MAX);
        Self { _span: tracing::info_span!(target: Waiting::TARGET, "waiting", %reason, wait_ms) }
    }

    /// A wait for the response to a request. The text follows "waiting for". `is_retry` is true if the request was sent before.
    /// The progress of a run shows the number of retries of each sink.
    pub fn for_response(from: impl fmt::Display, is_retry: bool) -> Self {
        Self {
            _span: tracing::info_span!(target: Waiting::TARGET, "waiting", reason = %from, is_retry),
        }
    }

    /// A wait without a known end, for example for a response. The text follows "waiting for".
    pub fn without_end(reason: impl fmt::Display) -> Self {
        Self { _span: tracing::info_span!(target: Waiting::TARGET, "waiting", %reason) }
    }
}
