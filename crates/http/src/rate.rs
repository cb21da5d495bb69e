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
    /// The end of the last pause.
    pause: Mutex<Option<Instant>>,
}

impl RateLimit {
    /// Allows this many requests per second, and at least one per hour. A rate that is not greater than zero is no limit.
    pub fn per_second(requests: f64) -> Self {
        let seconds = if requests > 0.0 { requests.recip().min(3600.0) } else { 0.0 };
        let interval = Duration::try_from_secs_f64(seconds).unwrap_or_default();
        Self { interval, next: Mutex::default(), pause: Mutex::default() }
    }

    /// Waits until the caller may start a request. Callers are served in the order of their calls; a slot that is not used
    /// is lost.
    pub async fn acquire(&self) {
        sleep_until(self.reserve()).await;
    }

    /// Takes the next slot, and returns the time at which the caller may start its request.
    pub fn reserve(&self) -> Instant {
        let mut next = self.next.lock().unwrap_or_else(PoisonError::into_inner);
        let now = Instant::now();
        let start = next.map_or(now, |next| next.max(now));
        *next = Some(start + self.interval);
        start
    }

    /// Lets no further slot begin before `end`. A caller that has a slot already asks [`is_paused`](Self::is_paused) at its time, and
    /// takes another slot.
    pub fn pause_until(&self, end: Instant) {
        for moment in [&self.next, &self.pause] {
            let mut moment = moment.lock().unwrap_or_else(PoisonError::into_inner);
            *moment = Some(moment.map_or(end, |earlier| earlier.max(end)));
        }
    }

    /// Whether no request may start now.
    pub fn is_paused(&self) -> bool {
        let pause = self.pause.lock().unwrap_or_else(PoisonError::into_inner);
        pause.is_some_and(|end| Instant::now() < end)
    }
}
