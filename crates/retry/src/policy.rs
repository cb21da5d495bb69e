//! Attempts and the waits between them.

use std::time::Duration as StdDuration;

use backon::{BackoffBuilder, ExponentialBuilder};
use schemars::JsonSchema;
use serde::Deserialize;
use taskferry_core::{Duration, StageError};

/// How often and how patiently a failed request is repeated.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct RetryOptions {
    /// How often one request is sent at most, the first time included.
    #[schemars(range(min = 1))]
    pub max_attempts: std::num::NonZeroU32,
    /// The wait before the second attempt; it doubles with every further one.
    pub initial_delay: Duration,
    /// The longest wait between two attempts, unless the server asks for more.
    pub max_delay: Duration,
    /// The longest `Retry-After` that is waited for; one that asks for more ends the run.
    pub max_retry_after: Duration,
}

impl Default for RetryOptions {
    fn default() -> Self {
        Self {
            max_attempts: std::num::NonZeroU32::MIN.saturating_add(5),
            initial_delay: Duration::from_millis(500),
            max_delay: Duration::from_secs(30),
            max_retry_after: Duration::from_secs(300),
        }
    }
}

impl RetryOptions {
    /// The waits between attempts, without jitter: doubling from the first to the longest.
    pub fn delays(&self) -> impl Iterator<Item = StdDuration> {
        ExponentialBuilder::new()
            .with_min_delay(self.initial_delay.get())
            .with_max_delay(self.max_delay.get())
            .with_factor(2.0)
            .with_max_times(self.max_attempts.get() as usize - 1)
            .build()
    }
}

/// Calls `attempt` until it succeeds, fails for good, or was called `max_attempts` times.
///
/// Between two attempts it waits what the error asks for ([`StageError::wait`]), else the next delay of the
/// options, spread by jitter between half and all of it. `what` names the request in the log.
///
/// # Errors
/// The last error, made permanent, with the number of attempts in its text if there were several.
pub async fn run<T>(
    options: &RetryOptions,
    what: &str,
    mut attempt: impl AsyncFnMut() -> Result<T, StageError>,
) -> Result<T, StageError> {
    let mut delays = options.delays();
    let mut attempts = 0_u32;
    loop {
        attempts += 1;
        let error = match attempt().await {
            Ok(value) => return Ok(value),
            Err(error) if !error.is_temporary() => return Err(error),
            Err(error) => error,
        };
        let Some(delay) = delays.next() else {
            return Err(give_up(error, attempts));
        };
        let wait = match error.wait() {
            Some(asked) if asked > options.max_retry_after.get() => {
                let most = options.max_retry_after;
                let hint = format!(
                    "the server asked to wait {}s; max_retry_after is {most}",
                    asked.as_secs()
                );
                return Err(give_up(error, attempts).hint(hint));
            }
            Some(asked) => asked,
            None => delay.mul_f64(0.5 + fastrand::f64() / 2.0),
        };
        tracing::warn!(
            attempt = attempts,
            of = options.max_attempts,
            wait_ms = u64::try_from(wait.as_millis()).unwrap_or(u64::MAX),
            "{what}: {}; trying again",
            error.full_message()
        );
        tokio::time::sleep(wait).await;
    }
}

fn give_up(error: StageError, attempts: u32) -> StageError {
    match attempts {
        1 => error.permanent(),
        _ => error.permanent().context(format!("gave up after {attempts} attempts")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use taskferry_core::ErrorKind;
    use tokio::time::Instant;

    fn busy() -> StageError {
        StageError::new(ErrorKind::Unavailable, "busy").temporary()
    }

    #[test]
    fn delays_double_from_half_a_second_to_thirty() {
        let options =
            RetryOptions { max_attempts: 9.try_into().unwrap(), ..RetryOptions::default() };
        let delays: Vec<f64> = options.delays().map(|delay| delay.as_secs_f64()).collect();
        assert_eq!(delays, [0.5, 1.0, 2.0, 4.0, 8.0, 16.0, 30.0, 30.0]);
        assert_eq!(RetryOptions::default().delays().count(), 5);
    }

    #[tokio::test(start_paused = true)]
    async fn a_permanent_error_is_not_repeated() {
        let mut calls = 0;
        let result: Result<(), _> = run(&RetryOptions::default(), "ask", async || {
            calls += 1;
            Err(StageError::new(ErrorKind::Refused, "no"))
        })
        .await;
        assert_eq!((result.unwrap_err().to_string().as_str(), calls), ("no", 1));
    }

    #[tokio::test(start_paused = true)]
    async fn it_gives_up_after_the_last_attempt_and_says_so() {
        let mut calls = 0;
        let start = Instant::now();
        let result: Result<(), _> = run(&RetryOptions::default(), "ask", async || {
            calls += 1;
            Err(busy())
        })
        .await;
        let error = result.unwrap_err();
        assert_eq!((error.to_string().as_str(), calls), ("gave up after 6 attempts: busy", 6));
        assert!(!error.is_temporary());
        let waited = start.elapsed().as_secs_f64();
        assert!((7.75..=15.6).contains(&waited), "{waited}");
    }

    #[tokio::test(start_paused = true)]
    async fn the_server_s_wish_is_followed_to_the_second() {
        let mut calls = 0;
        let start = Instant::now();
        let result = run(&RetryOptions::default(), "ask", async || {
            calls += 1;
            if calls == 1 { Err(busy().retry_after(StdDuration::from_secs(42))) } else { Ok(()) }
        })
        .await;
        assert!(result.is_ok());
        assert_eq!(start.elapsed().as_secs(), 42);
    }

    #[tokio::test(start_paused = true)]
    async fn a_wish_beyond_the_limit_ends_it() {
        let start = Instant::now();
        let result: Result<(), _> = run(&RetryOptions::default(), "ask", async || {
            Err(busy().retry_after(StdDuration::from_secs(4000)))
        })
        .await;
        assert!(result.unwrap_err().hint_text().unwrap().contains("4000s"));
        assert_eq!(start.elapsed().as_secs(), 0);
    }
}
