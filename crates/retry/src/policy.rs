//! The retry options, and the attempts at one request.

use std::time::Duration as StdDuration;

use schemars::JsonSchema;
use serde::Deserialize;
use taskferry_sdk::{Duration, ErrorKind, KeyPath, Part, Problem, StageError};
use tokio::time::Instant;

use crate::Waiting;

/// The retry policy for failed requests.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct RetryOptions {
    /// The maximum number of attempts, including the first one.
    #[schemars(range(min = 1))]
    pub max_attempts: std::num::NonZeroU32,
    /// The delay before the second attempt. The delay doubles with each further attempt.
    pub initial_delay: Duration,
    /// The maximum delay between two attempts, except for a `Retry-After`.
    pub max_delay: Duration,
    /// The maximum `Retry-After`. The run fails if a server asks for a longer wait.
    pub max_retry_after: Duration,
    /// The maximum time from the first attempt to the start of another attempt. A started attempt is not interrupted. Unlimited
    /// by default.
    pub max_elapsed: Option<Duration>,
}

impl Default for RetryOptions {
    fn default() -> Self {
        Self {
            max_attempts: std::num::NonZeroU32::MIN.saturating_add(5),
            initial_delay: Duration::from_millis(500),
            max_delay: Duration::from_secs(30),
            max_retry_after: Duration::from_secs(300),
            max_elapsed: None,
        }
    }
}

impl RetryOptions {
    /// Checks the options in `table`.
    ///
    /// ```
    /// use taskferry_sdk::KeyPath;
    /// use taskferry_retry::RetryOptions;
    ///
    /// let options = RetryOptions { max_delay: "100ms".parse().unwrap(), ..RetryOptions::default() };
    /// let problems = options.check(&KeyPath::of("retry"));
    /// assert_eq!(problems[0].message, "`max_delay` (100ms) must not be less than `initial_delay` (500ms)");
    /// ```
    pub fn check(&self, table: &KeyPath) -> Vec<Problem> {
        let (initial, max) = (self.initial_delay, self.max_delay);
        let mut problems = Vec::new();
        if max < initial {
            let message =
                format!("`max_delay` ({max}) must not be less than `initial_delay` ({initial})");
            let problem = Problem::at(table.key("max_delay"), "invalid-value", message);
            problems.push(
                problem
                    .label("the longest delay")
                    .related(table.key("initial_delay"), Part::Value, "the first delay")
                    .help("raise `max_delay` or lower `initial_delay`"),
            );
        }
        if self.max_elapsed.is_some_and(|max| max.get().is_zero()) {
            let message = "`max_elapsed` must be greater than zero";
            let problem = Problem::at(table.key("max_elapsed"), "invalid-value", message);
            problems.push(problem.help("write for example \"10m\", or `max_attempts = 1`"));
        }
        problems
    }

    /// The delay after `failed` attempts, without jitter. `None` if no further attempt is allowed.
    fn delay(&self, failed: u32) -> Option<StdDuration> {
        let factor = 1_u32.checked_shl(failed - 1).unwrap_or(u32::MAX);
        let delay = self.initial_delay.get().saturating_mul(factor).min(self.max_delay.get());
        (failed < self.max_attempts.get()).then_some(delay)
    }
}

/// The attempts at one request. The documentation of the crate has an example of the loop.
#[derive(Debug)]
pub struct Attempts<'a> {
    options: &'a RetryOptions,
    request: &'a str,
    failed: u32,
    started: Instant,
}

impl<'a> Attempts<'a> {
    /// Starts the clock of `max_elapsed`. `request` is the name of the request in the log.
    pub fn new(options: &'a RetryOptions, request: &'a str) -> Self {
        Self { options, request, failed: 0, started: Instant::now() }
    }

    /// Waits before the next attempt, for the time that the error asks for ([`StageError::wait`]). If this is missing or zero, the
    /// wait is the next delay of the options, which jitter shortens by up to half.
    ///
    /// # Errors
    /// Returns `error` if no further attempt is allowed. A temporary error becomes permanent, and its message states the
    /// number of attempts if there were several.
    pub async fn wait_after(&mut self, error: StageError) -> Result<(), StageError> {
        if !error.is_temporary() {
            return Err(error);
        }
        self.failed += 1;
        let Some(delay) = self.options.delay(self.failed) else {
            return Err(give_up(error, self.failed));
        };
        let max_retry_after = self.options.max_retry_after;
        let wait = match error.wait() {
            Some(asked) if asked > max_retry_after.get() => {
                let asked = asked.as_secs();
                let hint = format!(
                    "the server asked for a wait of {asked}s, more than `max_retry_after` ({max_retry_after}); raise it, or run again later"
                );
                return Err(give_up(error, self.failed).hint(hint));
            }
            Some(asked) if !asked.is_zero() => asked,
            _ => delay.mul_f64(0.5 + fastrand::f64() / 2.0),
        };
        if let Some(max_elapsed) = self.options.max_elapsed
            && self.started.elapsed().saturating_add(wait) > max_elapsed.get()
        {
            let hint = format!(
                "the next attempt would start more than `max_elapsed` ({max_elapsed}) after the first; raise it, or run again later"
            );
            return Err(give_up(error, self.failed).hint(hint));
        }
        tracing::warn!(
            attempt = self.failed,
            of = self.options.max_attempts,
            wait_ms = u64::try_from(wait.as_millis()).unwrap_or(u64::MAX),
            "{}: {}; retrying",
            self.request,
            error.full_message()
        );
        let end = Instant::now() + wait;
        let retries = self.options.max_attempts.get() - 1;
        let reason = format!("retry {} of {retries} after {}", self.failed, fault(error.kind()));
        let _waiting = Waiting::until(end, reason);
        tokio::time::sleep_until(end).await;
        Ok(())
    }
}

/// A short description of the error. The log contains the full message.
fn fault(kind: ErrorKind) -> &'static str {
    match kind {
        ErrorKind::RateLimited => "too many requests (429)",
        ErrorKind::Unavailable => "a server error (5xx)",
        ErrorKind::Timeout => "a timeout",
        ErrorKind::Network => "a connection error",
        ErrorKind::Malformed => "an invalid response",
        _ => "an error",
    }
}

fn give_up(error: StageError, attempts: u32) -> StageError {
    match attempts {
        1 => error.permanent(),
        _ => error.permanent().context(format!("gave up after {attempts} attempts")),
    }
}
