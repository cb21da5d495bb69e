//! A circuit breaker, which pauses the requests to an unavailable receiver.

use std::num::NonZeroU32;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration as StdDuration;

use schemars::JsonSchema;
use serde::Deserialize;
use taskferry_sdk::{Duration, KeyPath, Problem, StageError};
use tokio::sync::Notify;
use tokio::time::{Instant, sleep_until};

use crate::{Attempts, RateLimit, RetryOptions, Waiting};

/// The maximum wait, which keeps times within the range of the clock.
const MAX_WAIT: StdDuration = StdDuration::from_hours(366 * 24);

/// What a request waits for while the circuit is open.
const NEXT_PROBE: &str = "the next probe of the unavailable receiver";
/// What a request waits for after a `Retry-After`.
const PAUSE: &str = "the end of a pause that the receiver asked for";

/// The options of the circuit breaker.
#[derive(Debug, Clone, Copy, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct CircuitOptions {
    /// The number of consecutive failed requests after which all requests are paused. The run ends earlier if one request fails
    /// `retry.max_attempts` times.
    pub failures: NonZeroU32,
    /// The length of a pause. After a pause, one request is sent as a probe.
    pub cool_down: Duration,
    /// The maximum time that the receiver can be unavailable, from the first failed request. Then the run ends.
    pub give_up_after: Duration,
}

impl Default for CircuitOptions {
    fn default() -> Self {
        Self {
            failures: NonZeroU32::MIN.saturating_add(4),
            cool_down: Duration::from_secs(30),
            give_up_after: Duration::from_secs(300),
        }
    }
}

impl CircuitOptions {
    /// Checks the options in `table`.
    pub fn check(&self, table: &KeyPath) -> Option<Problem> {
        let problem = "`cool_down` must be greater than zero";
        let problem = Problem::at(table.key("cool_down"), "invalid-value", problem);
        self.cool_down.get().is_zero().then(|| problem.help("write for example \"30s\""))
    }
}

/// A failed request.
#[derive(Debug)]
pub struct Failure {
    /// The status of the response, if there was one.
    pub status: Option<u16>,
    /// Why the request failed.
    pub error: StageError,
}

/// Decides when requests to one receiver may be sent.
///
/// While the circuit is closed, every request follows the retry policy. After too many consecutive failures it opens: all
/// requests wait, and one of them is sent as a probe after each pause.
#[derive(Debug)]
pub struct Circuit {
    options: CircuitOptions,
    retry: RetryOptions,
    /// Delays all requests after a `Retry-After`.
    rate: RateLimit,
    state: Mutex<State>,
    /// Notified when waiting requests must check the state again.
    changed: Notify,
}

#[derive(Debug, Default)]
struct State {
    /// The number of consecutive failures.
    failures: u32,
    /// The time of the first of these failures.
    failing_since: Option<Instant>,
    open: Option<Open>,
}

#[derive(Debug)]
struct Open {
    probe_at: Instant,
    /// Whether the probe is in progress.
    probing: bool,
}

/// The decision about a request.
enum Admission {
    Now {
        is_probe: bool,
    },
    /// Check again at this time.
    At(Instant),
    /// Check again after the probe.
    AfterProbe,
}

impl Circuit {
    /// A closed circuit.
    pub fn new(options: CircuitOptions, retry: RetryOptions) -> Self {
        let (rate, state) = (RateLimit::per_second(0.0), Mutex::default());
        Self { options, retry, rate, state, changed: Notify::new() }
    }

    /// Sends a request until it is delivered or fails permanently. `what` is the name of the request in the log. `count` is called
    /// before each attempt, with true for a retry.
    ///
    /// # Errors
    /// The last failure. A temporary failure becomes permanent when the run gives up.
    pub async fn send<F, Sending>(
        &self,
        what: &str,
        count: impl Fn(bool),
        mut send: F,
    ) -> Result<(), Failure>
    where
        F: FnMut() -> Sending,
        Sending: Future<Output = Result<(), Failure>>,
    {
        let (mut attempts, begun) = (Attempts::new(&self.retry, what), Instant::now());
        let mut repeated = false;
        loop {
            let is_probe = self.admission().await;
            count(repeated);
            let waiting = Waiting::for_response("the receiver", repeated);
            let outcome = send().await;
            drop(waiting);
            let Failure { status, error } = match outcome {
                Ok(()) => {
                    self.answered(what);
                    return Ok(());
                }
                Err(failure) if !failure.error.is_temporary() => {
                    self.answered(what);
                    return Err(failure);
                }
                Err(failure) => failure,
            };
            let ended = |error| Failure { status, error };
            if let Some(error) = self.failed(what, error, begun, is_probe).map_err(ended)? {
                attempts.wait_after(error).await.map_err(ended)?;
            }
            repeated = true;
        }
    }

    /// Waits until the request may be sent. Returns whether it is the probe.
    async fn admission(&self) -> bool {
        loop {
            self.rate.acquire(PAUSE, PAUSE).await;
            // Created before the state is read, so that no change is missed.
            let changed = self.changed.notified();
            let admission = self.state().admit(Instant::now());
            match admission {
                Admission::Now { is_probe } => return is_probe,
                Admission::At(instant) => {
                    let _waiting = Waiting::until(instant, NEXT_PROBE);
                    tokio::select! {
                        () = sleep_until(instant) => {}
                        () = changed => {}
                    }
                }
                Admission::AfterProbe => changed.await,
            }
        }
    }

    /// Closes the circuit after a response.
    fn answered(&self, what: &str) {
        let mut state = self.state();
        if state.open.take().is_some() {
            tracing::info!("{what}: the receiver is available again, and requests continue");
        }
        (state.failures, state.failing_since) = (0, None);
        drop(state);
        self.changed.notify_waiters();
    }

    /// Records a temporary failure. Returns the error if the retry policy applies, and `None` if the circuit is open.
    fn failed(
        &self,
        what: &str,
        error: StageError,
        begun: Instant,
        is_probe: bool,
    ) -> Result<Option<StageError>, StageError> {
        let now = Instant::now();
        let demanded = error.wait().unwrap_or_default().min(MAX_WAIT);
        let mut state = self.state();
        state.failures = state.failures.saturating_add(1);
        let since = *state.failing_since.get_or_insert(now);
        if demanded > self.retry.max_retry_after.get() {
            // The retry policy ends the run.
            return Ok(Some(error));
        }
        self.rate.pause_after(&error, &self.retry);
        if state.failures < self.options.failures.get() {
            return Ok(Some(error));
        }
        let (pause, probe_at) = match &state.open {
            // The request was in progress when the circuit opened.
            Some(open) if !is_probe => (StdDuration::ZERO, open.probe_at),
            _ => {
                let pause = demanded.max(self.options.cool_down.get()).min(MAX_WAIT);
                (pause, now + pause)
            }
        };
        for (limit, since, option) in [
            (Some(self.options.give_up_after), since, "circuit.give_up_after"),
            (self.retry.max_elapsed, begun, "retry.max_elapsed"),
        ] {
            if limit.is_some_and(|limit| probe_at.duration_since(since) > limit.get()) {
                return Err(give_up(error, state.failures, now.duration_since(since), option));
            }
        }
        if !pause.is_zero() {
            tracing::warn!(
                failures = state.failures,
                pause_ms = u64::try_from(pause.as_millis()).unwrap_or(u64::MAX),
                "{what}: {}; the receiver is unavailable, so all requests are paused; the next request is a probe",
                error.full_message()
            );
            state.open = Some(Open { probe_at, probing: false });
            drop(state);
            self.changed.notify_waiters();
        }
        Ok(None)
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl State {
    fn admit(&mut self, now: Instant) -> Admission {
        match &mut self.open {
            None => Admission::Now { is_probe: false },
            Some(open) if open.probing => Admission::AfterProbe,
            Some(open) if now < open.probe_at => Admission::At(open.probe_at),
            Some(open) => {
                open.probing = true;
                Admission::Now { is_probe: true }
            }
        }
    }
}

fn give_up(error: StageError, failures: u32, waited: StdDuration, option: &str) -> StageError {
    let waited = Duration::from_secs(waited.as_secs());
    let hint = match error.hint_text() {
        Some(hint) => hint.to_owned(),
        None => format!(
            "start the run again when the receiver is available, or raise `{option}` of this sink"
        ),
    };
    let requests = if failures == 1 { "request" } else { "requests in a row" };
    error
        .permanent()
        .context(format!("gave up after {failures} failed {requests} within {waited}"))
        .hint(hint)
}
