//! When to try a request again, and how long to wait before it.
//!
//! One policy for everything that speaks HTTP: exponential backoff with jitter, `Retry-After` honoured, a
//! bounded number of attempts. Whether an error is worth another attempt is read off its status alone
//! ([`StageError::is_temporary`](taskferry_sdk::StageError::is_temporary)); this crate knows no HTTP client.
//!
//! ```
//! # tokio::runtime::Builder::new_current_thread().enable_time().build().unwrap().block_on(async {
//! use taskferry_sdk::{ErrorKind, StageError};
//! use taskferry_retry::{Attempts, RetryOptions};
//!
//! let mut calls = 0;
//! let mut ask = async || {
//!     calls += 1;
//!     if calls < 3 { Err(StageError::new(ErrorKind::Unavailable, "busy").temporary()) } else { Ok("done") }
//! };
//! let options = RetryOptions { initial_delay: "1ms".parse().unwrap(), ..RetryOptions::default() };
//! let mut attempts = Attempts::new(&options, "ask");
//! let answer = loop {
//!     match ask().await {
//!         Ok(answer) => break answer,
//!         Err(error) => attempts.wait_after(error).await.unwrap(),
//!     }
//! };
//! assert_eq!((answer, calls), ("done", 3));
//! # });
//! ```

mod policy;

pub use policy::{Attempts, RetryOptions};
