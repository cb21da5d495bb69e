//! The rate limit and the pauses of `Retry-After`, with a clock that jumps over waits.

use std::time::Duration;

use taskferry_retry::{RateLimit, RetryOptions};
use taskferry_sdk::{ErrorKind, StageError};
use tokio::time::{Instant, sleep};

async fn acquire(limit: &RateLimit) {
    limit.acquire("the end of a pause", "the rate limit").await;
}

/// The error of a server that asks for a wait.
fn busy(seconds: u64) -> StageError {
    let error = StageError::new(ErrorKind::RateLimited, "busy").temporary();
    error.retry_after(Duration::from_secs(seconds))
}

#[tokio::test(start_paused = true)]
async fn requests_start_at_even_intervals() {
    let (limit, start) = (RateLimit::per_second(0.5), Instant::now());
    let mut starts = Vec::new();
    for _ in 0..4 {
        acquire(&limit).await;
        starts.push(start.elapsed().as_secs());
    }
    assert_eq!(starts, [0, 2, 4, 6]);
}

#[tokio::test(start_paused = true)]
async fn idle_time_counts_but_does_not_accumulate() {
    let (limit, start) = (RateLimit::per_second(1.0), Instant::now());
    acquire(&limit).await;
    tokio::time::advance(Duration::from_secs(10)).await;
    acquire(&limit).await;
    assert_eq!(start.elapsed().as_secs(), 10);
    acquire(&limit).await;
    acquire(&limit).await;
    assert_eq!(start.elapsed().as_secs(), 12);
}

#[tokio::test(start_paused = true)]
async fn several_callers_share_one_limit() {
    let (limit, start) = (RateLimit::per_second(2.0), Instant::now());
    tokio::join!(acquire(&limit), acquire(&limit), acquire(&limit));
    assert_eq!(start.elapsed().as_millis(), 1000);
}

#[tokio::test(start_paused = true)]
async fn an_unlimited_rate_does_not_wait() {
    for rate in [0.0, -1.0, f64::NAN, f64::INFINITY] {
        let (limit, start) = (RateLimit::per_second(rate), Instant::now());
        acquire(&limit).await;
        acquire(&limit).await;
        assert!(start.elapsed().is_zero(), "{rate}");
    }
}

#[tokio::test(start_paused = true)]
async fn a_pause_delays_new_requests_and_those_that_wait_for_their_slot() {
    let (limit, start) = (RateLimit::per_second(0.5), Instant::now());
    acquire(&limit).await;
    let at = async |limit: &RateLimit| {
        acquire(limit).await;
        start.elapsed().as_secs()
    };
    let paused = async {
        sleep(Duration::from_secs(1)).await;
        limit.pause_after(&busy(9), &RetryOptions::default());
        at(&limit).await
    };
    // Without the pause, the first two would start at 2 and 4.
    assert_eq!(tokio::join!(at(&limit), at(&limit), paused), (12, 14, 10));
}

#[tokio::test(start_paused = true)]
async fn the_longest_pause_counts() {
    let (limit, start) = (RateLimit::per_second(0.0), Instant::now());
    for seconds in [5, 7, 1] {
        limit.pause_after(&busy(seconds), &RetryOptions::default());
    }
    acquire(&limit).await;
    assert_eq!(start.elapsed().as_secs(), 7);
}

#[tokio::test(start_paused = true)]
async fn an_error_after_which_the_run_ends_is_no_pause() {
    let (limit, start) = (RateLimit::per_second(0.0), Instant::now());
    let no_wait = StageError::new(ErrorKind::Unavailable, "busy").temporary();
    for error in [busy(301), busy(u64::MAX), busy(5).permanent(), no_wait] {
        limit.pause_after(&error, &RetryOptions::default());
    }
    acquire(&limit).await;
    assert!(start.elapsed().is_zero());
}
