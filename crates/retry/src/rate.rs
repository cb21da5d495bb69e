//! When requests to a server may start.

use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use taskferry_sdk::StageError;
use tokio::time::{Instant, sleep_until};

use crate::{RetryOptions, Waiting};

/// Spaces the starts of requests evenly, and delays them during a pause that the server has asked for. Time without requests is
/// not saved up for later ones.
///
/// ```
/// # tokio::runtime::Builder::new_current_thread().enable_time().build().unwrap().block_on(async {
/// use std::time::Instant;
///
/// let limit = taskferry_retry::RateLimit::per_second(100.0);
/// let start = Instant::now();
/// for _ in 0..3 {
///     limit.acquire("the end of a pause", "the rate limit").await;
/// }
/// assert!(start.elapsed().as_millis() >= 20);
/// # });
/// ```
#[derive(Debug)]
pub struct RateLimit {
    interval: Duration,
    state: Mutex<State>,
}

#[derive(Debug, Default)]
struct State {
    /// The start of the next request.
    next: Option<Instant>,
    /// The end of the last pause.
    paused_until: Option<Instant>,
}

impl RateLimit {
    /// Allows this many requests per second, and at least one per hour. A rate that is not greater than zero is no limit.
    pub fn per_second(requests: f64) -> Self {
        let seconds = if requests > 0.0 { requests.recip().min(3600.0) } else { 0.0 };
        let interval = Duration::try_from_secs_f64(seconds).unwrap_or_default();
        Self { interval, state: Mutex::default() }
    }

    /// Waits until the caller may start a request. Callers are served in the order of their calls; a slot that is not used is
    /// lost. `pause` and `rate` are the [reasons](Waiting::until) for a wait.
    pub async fn acquire(&self, pause: &str, rate: &str) {
        loop {
            let (start, is_paused) = self.reserve();
            if start > Instant::now() {
                let _waiting = Waiting::until(start, if is_paused { pause } else { rate });
                sleep_until(start).await;
            }
            // A response may have asked for a pause in the meantime.
            if !self.state().is_paused(Instant::now()) {
                return;
            }
        }
    }

    /// Delays all requests by the time that a temporary error [asks for](StageError::wait), unless the time exceeds
    /// `max_retry_after`.
    pub fn pause_after(&self, error: &StageError, retry: &RetryOptions) {
        let wait = error.wait().filter(|wait| *wait <= retry.max_retry_after.get());
        let wait = wait.filter(|_| error.is_temporary());
        if let Some(end) = wait.and_then(|wait| Instant::now().checked_add(wait)) {
            let mut state = self.state();
            state.paused_until = state.paused_until.max(Some(end));
        }
    }

    /// Takes the next slot. Returns its time, and whether there is a pause before it.
    fn reserve(&self) -> (Instant, bool) {
        let (mut state, now) = (self.state(), Instant::now());
        let start = [state.next, state.paused_until].into_iter().flatten().fold(now, Instant::max);
        state.next = Some(start + self.interval);
        (start, state.is_paused(now))
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl State {
    fn is_paused(&self, now: Instant) -> bool {
        self.paused_until.is_some_and(|end| now < end)
    }
}
