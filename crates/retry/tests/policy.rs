//! The retry policy, with a clock that jumps over waits.

use std::time::Duration as StdDuration;

use taskferry_retry::{Attempts, RetryOptions};
use taskferry_sdk::{Duration, ErrorKind, StageError};
use tokio::time::Instant;

fn busy() -> StageError {
    StageError::new(ErrorKind::Unavailable, "busy").temporary()
}

#[tokio::test(start_paused = true)]
async fn delays_double_up_to_the_maximum() {
    let options = RetryOptions { max_attempts: 9.try_into().unwrap(), ..RetryOptions::default() };
    let mut attempts = Attempts::new(&options, "the request");
    for delay in [0.5, 1.0, 2.0, 4.0, 8.0, 16.0, 30.0, 30.0] {
        let start = Instant::now();
        attempts.wait_after(busy()).await.unwrap();
        // Jitter removes up to half; the clock counts milliseconds.
        let waited = start.elapsed().as_secs_f64();
        assert!((delay / 2.0..=delay + 0.002).contains(&waited), "{waited} instead of {delay}");
    }
    attempts.wait_after(busy()).await.unwrap_err();
}

/// Fails attempts with these errors until no further one is allowed. Returns the number of attempts and the last error.
async fn attempt(errors: impl IntoIterator<Item = StageError>) -> (u32, Option<StageError>) {
    let options = RetryOptions::default();
    let mut attempts = Attempts::new(&options, "the request");
    let mut calls = 0;
    for error in errors {
        calls += 1;
        if let Err(error) = attempts.wait_after(error).await {
            return (calls, Some(error));
        }
    }
    (calls, None)
}

#[tokio::test(start_paused = true)]
async fn a_permanent_error_is_not_retried() {
    let (calls, error) = attempt([StageError::new(ErrorKind::Refused, "no")]).await;
    assert_eq!((error.unwrap().to_string().as_str(), calls), ("no", 1));
}

#[tokio::test(start_paused = true)]
async fn retrying_ends_after_the_last_attempt_with_an_error() {
    let start = Instant::now();
    let (calls, error) = attempt(std::iter::repeat_with(busy)).await;
    let error = error.unwrap();
    assert_eq!((error.to_string().as_str(), calls), ("gave up after 6 attempts: busy", 6));
    assert!(!error.is_temporary());
    let waited = start.elapsed().as_secs_f64();
    assert!((7.75..=15.6).contains(&waited), "{waited}");
}

#[tokio::test(start_paused = true)]
async fn the_delay_requested_by_the_server_is_kept() {
    let start = Instant::now();
    let (_, error) = attempt([busy().retry_after(StdDuration::from_secs(42))]).await;
    assert!(error.is_none());
    assert_eq!(start.elapsed().as_secs(), 42);
}

#[tokio::test(start_paused = true)]
async fn a_requested_delay_of_zero_does_not_shorten_the_backoff() {
    let start = Instant::now();
    let (_, error) = attempt([busy().retry_after(StdDuration::ZERO)]).await;
    assert!(error.is_none());
    assert!(start.elapsed() >= StdDuration::from_millis(250));
}

#[tokio::test(start_paused = true)]
async fn retrying_ends_at_the_time_limit() {
    let start = Instant::now();
    let options =
        RetryOptions { max_elapsed: Some(Duration::from_secs(10)), ..RetryOptions::default() };
    let mut attempts = Attempts::new(&options, "the request");
    attempts.wait_after(busy().retry_after(StdDuration::from_secs(4))).await.unwrap();
    tokio::time::advance(StdDuration::from_secs(3)).await;
    attempts.wait_after(busy().retry_after(StdDuration::from_secs(3))).await.unwrap();
    let late = busy().retry_after(StdDuration::from_secs(1));
    let error = attempts.wait_after(late).await.unwrap_err();
    assert_eq!(error.to_string(), "gave up after 3 attempts: busy");
    assert!(error.hint_text().unwrap().contains("more than `max_elapsed` (10s) after the first"));
    assert!(!error.is_temporary());
    assert_eq!(start.elapsed().as_secs(), 10, "without a wait");
}

#[tokio::test(start_paused = true)]
async fn a_requested_delay_beyond_the_limit_ends_retrying() {
    let start = Instant::now();
    let (_, error) = attempt([busy().retry_after(StdDuration::from_secs(4000))]).await;
    assert!(error.unwrap().hint_text().unwrap().contains("4000s"));
    assert_eq!(start.elapsed().as_secs(), 0);
}
