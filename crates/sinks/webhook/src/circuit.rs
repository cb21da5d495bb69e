//! When to stop asking a receiver that is down, and when to ask again.

use std::num::NonZeroU32;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration as StdDuration;

use schemars::JsonSchema;
use serde::Deserialize;
use taskferry_retry::{Attempts, RetryOptions};
use taskferry_sdk::{Duration, KeyPath, Problem, StageError};
use tokio::sync::Notify;
use tokio::time::{Instant, sleep_until};

/// Longer waits are of no use to anybody, and times must stay within what a clock can tell.
const LONGEST_WAIT: StdDuration = StdDuration::from_hours(366 * 24);

/// When a receiver is taken for down, and how long it is waited for.
#[derive(Debug, Clone, Copy, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct CircuitOptions {
    /// After so many failed requests in a row, whatever they carried, the receiver is taken for down. A request
    /// that has failed `retry.max_attempts` times before that ends the run.
    pub failures: NonZeroU32,
    /// How long nothing is sent to a receiver that is down, before one request tries whether it is back.
    pub cool_down: Duration,
    /// How long a receiver may be down, counted from the first failed request, before the run ends.
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
    /// All that is wrong with the options, with paths that start at the sink's table.
    pub(crate) fn problems(&self) -> Option<Problem> {
        let path = KeyPath::of("circuit").key("cool_down");
        let problem = Problem::at(path, "value::invalid", "`cool_down` must be greater than zero");
        self.cool_down.get().is_zero().then(|| problem.help("write for example \"30s\""))
    }
}

/// A request that the receiver did not take.
#[derive(Debug)]
pub(crate) struct Failure {
    /// What it answered, if it did.
    pub(crate) status: Option<u16>,
    pub(crate) error: StageError,
}

/// Decides when requests to one receiver may be sent, whoever sends them.
///
/// While it is closed, every request follows the retry policy by itself. It opens when too many requests in a
/// row have failed: then all wait, one of them tries after each pause, and its answer is everybody's.
#[derive(Debug)]
pub(crate) struct Circuit {
    options: CircuitOptions,
    retry: RetryOptions,
    state: Mutex<State>,
    /// Told when the state changes in favour of those who wait.
    changed: Notify,
}

#[derive(Debug, Default)]
struct State {
    /// Failed requests since the last one that did not fail.
    failures: u32,
    /// When the first of them failed.
    failing_since: Option<Instant>,
    /// The receiver asked for silence until then.
    quiet_until: Option<Instant>,
    open: Option<Open>,
}

#[derive(Debug)]
struct Open {
    probe_at: Instant,
    /// Whether somebody is trying.
    probing: bool,
}

/// What becomes of a request that wants to be sent.
enum Admission {
    Granted { probe: bool },
    At(Instant),
    AfterProbe,
}

impl Circuit {
    pub(crate) fn new(options: CircuitOptions, retry: RetryOptions) -> Self {
        Self { options, retry, state: Mutex::default(), changed: Notify::new() }
    }

    /// Sends a request again and again, until the receiver took it or there is no point in going on. `what`
    /// names it in the log; `count` is told of every attempt before it is made, and whether it is a repeated one.
    ///
    /// # Errors
    /// The last failure: a permanent one as it is, else made permanent and said to be the last.
    pub(crate) async fn send<F, Sending>(
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
            let probe = self.admission().await;
            count(repeated);
            let Failure { status, error } = match send().await {
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
            if let Some(error) = self.failed(what, error, begun, probe).map_err(ended)? {
                attempts.wait_after(error).await.map_err(ended)?;
            }
            repeated = true;
        }
    }

    /// Waits until a request may be sent; whether it is the one that tries.
    async fn admission(&self) -> bool {
        loop {
            // Asked for before the look at the state, so that no change is missed in between.
            let changed = self.changed.notified();
            let admission = self.state().admit(Instant::now());
            match admission {
                Admission::Granted { probe } => return probe,
                Admission::At(instant) => tokio::select! {
                    () = sleep_until(instant) => {}
                    () = changed => {}
                },
                Admission::AfterProbe => changed.await,
            }
        }
    }

    /// The receiver is there, whatever it said.
    fn answered(&self, what: &str) {
        let mut state = self.state();
        if state.open.take().is_some() {
            tracing::info!("{what}: the receiver answers again");
        }
        (state.failures, state.failing_since) = (0, None);
        drop(state);
        self.changed.notify_waiters();
    }

    /// Takes note of a temporary failure. The error comes back when it is for the retry policy to decide; an
    /// open circuit has decided already.
    fn failed(
        &self,
        what: &str,
        error: StageError,
        begun: Instant,
        probe: bool,
    ) -> Result<Option<StageError>, StageError> {
        let now = Instant::now();
        let asked = error.wait().unwrap_or_default().min(LONGEST_WAIT);
        let mut state = self.state();
        state.failures = state.failures.saturating_add(1);
        let since = *state.failing_since.get_or_insert(now);
        if asked > self.retry.max_retry_after.get() {
            // The retry policy ends it, and says why.
            return Ok(Some(error));
        }
        state.quiet_until = state.quiet_until.max(Some(now + asked));
        if state.failures < self.options.failures.get() {
            return Ok(Some(error));
        }
        let (pause, probe_at) = match &state.open {
            // It was under way when the circuit opened.
            Some(open) if !probe => (StdDuration::ZERO, open.probe_at),
            _ => {
                let pause = asked.max(self.options.cool_down.get()).min(LONGEST_WAIT);
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
                "{what}: {}; the receiver is taken for down, one request will try again after a pause",
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
        if let Some(until) = self.quiet_until.filter(|until| now < *until) {
            return Admission::At(until);
        }
        match &mut self.open {
            None => Admission::Granted { probe: false },
            Some(open) if open.probing => Admission::AfterProbe,
            Some(open) if now < open.probe_at => Admission::At(open.probe_at),
            Some(open) => {
                open.probing = true;
                Admission::Granted { probe: true }
            }
        }
    }
}

fn give_up(error: StageError, failures: u32, waited: StdDuration, option: &str) -> StageError {
    let waited = Duration::from_secs(waited.as_secs());
    let hint = match error.hint_text() {
        Some(hint) => hint.to_owned(),
        None => format!(
            "start the run again when the receiver is back, or raise `{option}` of this sink"
        ),
    };
    let requests = if failures == 1 { "request" } else { "requests in a row" };
    error
        .permanent()
        .context(format!("gave up after {failures} failed {requests}, in {waited}"))
        .hint(hint)
}

#[cfg(test)]
mod tests;
