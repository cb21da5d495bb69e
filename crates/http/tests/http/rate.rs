//! The rate limit.

use std::time::Duration;

use taskferry_http::RateLimit;
use tokio::time::Instant;

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
