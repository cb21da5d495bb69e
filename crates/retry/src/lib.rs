//! When a stage sends requests, and how often: exponential backoff with jitter and a bounded number of attempts ([`Attempts`]), a rate
//! limit and the pauses of `Retry-After` ([`RateLimit`]), and a circuit breaker ([`Circuit`]).
//!
//! Only the status of an error decides whether the request is retried
//! ([`StageError::is_temporary`](taskferry_sdk::StageError::is_temporary)). This crate depends on no HTTP client.
//!
//! ```
//! # tokio::runtime::Builder::new_current_thread().enable_time().build().unwrap().block_on(async {
//! use taskferry_sdk::{ErrorKind, StageError};
//! use taskferry_retry::{Attempts, RetryOptions};
//!
//! let mut calls = 0;
//! let mut send = async || {
//!     calls += 1;
//!     if calls < 3 { Err(StageError::new(ErrorKind::Unavailable, "busy").temporary()) } else { Ok("done") }
//! };
//! let options = RetryOptions { initial_delay: "1ms".parse().unwrap(), ..RetryOptions::default() };
//! let mut attempts = Attempts::new(&options, "the request");
//! let response = loop {
//!     match send().await {
//!         Ok(response) => break response,
//!         Err(error) => attempts.wait_after(error).await.unwrap(),
//!     }
//! };
//! assert_eq!((response, calls), ("done", 3));
//! # });
//! ```

mod circuit;
mod policy;
mod rate;
mod waiting;

pub use circuit::{Circuit, CircuitOptions, Failure};
pub use policy::{Attempts, RetryOptions};
pub use rate::RateLimit;
pub use waiting::Waiting;
