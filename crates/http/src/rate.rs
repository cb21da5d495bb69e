//! No more requests a second than were agreed upon.

use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use tokio::time::{Instant, sleep_until};

/// Lets requests begin evenly spaced, whoever sends them. A request that comes late does not buy two later ones.
///
/// ```
/// # tokio::runtime::Builder::new_current_thread().enable_time().build().unwrap().block_on(async {
/// use std::time::Instant;
///
/// let limit = taskferry_http::RateLimit::per_second(100.0);
/// let start = Instant::now();
/// for _ in 0..3 {
///     limit.turn().await;
/// }
/// assert!(start.elapsed().as_millis() >= 20);
/// # });
/// ```
#[derive(Debug)]
pub struct RateLimit {
    interval: Duration,
    /// When the next request may begin.
    next: Mutex<Option<Instant>>,
}

impl RateLimit {
    /// At most so many requests a second; fewer than one where it is below 1, but one an hour at least. What is not
    /// above 0 is no limit.
    pub fn per_second(requests: f64) -> Self {
        let seconds = if requests > 0.0 { requests.recip().min(3600.0) } else { 0.0 };
        let interval = Duration::try_from_secs_f64(seconds).unwrap_or_default();
        Self { interval, next: Mutex::default() }
    }

    /// Waits until it is this request's turn. Turns are given in the order in which they are asked for; one that is
    /// given and not used is lost.
    pub async fn turn(&self) {
        let turn = {
            let mut next = self.next.lock().unwrap_or_else(PoisonError::into_inner);
            let now = Instant::now();
            let turn = next.map_or(now, |next| next.max(now));
            *next = Some(turn + self.interval);
            turn
        };
        sleep_until(turn).await;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test(start_paused = true)]
    async fn requests_start_at_even_intervals() {
        let (limit, start) = (RateLimit::per_second(0.5), Instant::now());
        let mut turns = Vec::new();
        for _ in 0..4 {
            limit.turn().await;
            turns.push(start.elapsed().as_secs());
        }
        assert_eq!(turns, [0, 2, 4, 6]);
    }

    #[tokio::test(start_paused = true)]
    async fn idle_time_counts_but_does_not_accumulate() {
        let (limit, start) = (RateLimit::per_second(1.0), Instant::now());
        limit.turn().await;
        tokio::time::advance(Duration::from_secs(10)).await;
        limit.turn().await;
        assert_eq!(start.elapsed().as_secs(), 10);
        limit.turn().await;
        limit.turn().await;
        assert_eq!(start.elapsed().as_secs(), 12);
    }

    #[tokio::test(start_paused = true)]
    async fn several_callers_share_one_limit() {
        let (limit, start) = (RateLimit::per_second(2.0), Instant::now());
        tokio::join!(limit.turn(), limit.turn(), limit.turn());
        assert_eq!(start.elapsed().as_millis(), 1000);
    }

    #[tokio::test(start_paused = true)]
    async fn an_unlimited_rate_does_not_wait() {
        for rate in [0.0, -1.0, f64::NAN, f64::INFINITY] {
            let (limit, start) = (RateLimit::per_second(rate), Instant::now());
            limit.turn().await;
            limit.turn().await;
            assert!(start.elapsed().is_zero(), "{rate}");
        }
    }
}
