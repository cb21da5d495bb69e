//! The client-side rate limit.

use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use tokio::time::{Instant, sleep_until};

/// Spaces the starts of requests evenly. Time without requests is not saved up for later ones.
///
/// ```
/// # tokio::runtime::Builder::new_current_thread().enable_time().build().unwrap().block_on(async {
/// use std::time::Instant;
///
/// let limit = taskferry_http::RateLimit::per_second(100.0);
/// let start = Instant::now();
/// for _ in 0..3 {
///     limit.acquire().await;
/// }
/// assert!(start.elapsed().as_millis() >= 20);
/// # });
/// ```
#[derive(Debug)]
pub struct RateLimit {
    interval: Duration,
    /// The start of the next request.
    next: Mutex<Option<Instant>>,
}

impl RateLimit {
    /// Allows this many requests per second, and at least one per hour. A rate that is not greater than zero is no limit.
    pub fn per_second(requests: f64) -> Self {
        let seconds = if requests > 0.0 { requests.recip().min(3600.0) } else { 0.0 };
        let interval = Duration::try_from_secs_f64(seconds).unwrap_or_default();
        Self { interval, next: Mutex::default() }
    }

    /// Waits until the caller may start a request. Callers are served in the order of their calls; a slot that is not used
    /// is lost.
    pub async fn acquire(&self) {
        let start = {
            let mut next = self.next.lock().unwrap_or_else(PoisonError::into_inner);
            let now = Instant::now();
            let start = next.map_or(now, |next| next.max(now));
            *next = Some(start + self.interval);
            start
        };
        sleep_until(start).await;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test(start_paused = true)]
    async fn requests_start_at_even_intervals() {
        let (limit, start) = (RateLimit::per_second(0.5), Instant::now());
        let mut starts = Vec::new();
        for _ in 0..4 {
            limit.acquire().await;
            starts.push(start.elapsed().as_secs());
        }
        assert_eq!(starts, [0, 2, 4, 6]);
    }

    #[tokio::test(start_paused = true)]
    async fn idle_time_counts_but_does_not_accumulate() {
        let (limit, start) = (RateLimit::per_second(1.0), Instant::now());
        limit.acquire().await;
        tokio::time::advance(Duration::from_secs(10)).await;
        limit.acquire().await;
        assert_eq!(start.elapsed().as_secs(), 10);
        limit.acquire().await;
        limit.acquire().await;
        assert_eq!(start.elapsed().as_secs(), 12);
    }

    #[tokio::test(start_paused = true)]
    async fn several_callers_share_one_limit() {
        let (limit, start) = (RateLimit::per_second(2.0), Instant::now());
        tokio::join!(limit.acquire(), limit.acquire(), limit.acquire());
        assert_eq!(start.elapsed().as_millis(), 1000);
    }

    #[tokio::test(start_paused = true)]
    async fn an_unlimited_rate_does_not_wait() {
        for rate in [0.0, -1.0, f64::NAN, f64::INFINITY] {
            let (limit, start) = (RateLimit::per_second(rate), Instant::now());
            limit.acquire().await;
            limit.acquire().await;
            assert!(start.elapsed().is_zero(), "{rate}");
        }
    }
}
