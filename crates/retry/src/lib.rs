//! When to try a request again, and how long to wait before it.
//!
//! One policy for everything that speaks HTTP: exponential backoff with jitter, `Retry-After` honoured, a
//! bounded number of attempts. Whether an error is worth another attempt is read off its status alone
//! ([`StageError::is_temporary`]); this crate knows no HTTP client.
//!
//! ```
//! # tokio::runtime::Builder::new_current_thread().enable_time().build().unwrap().block_on(async {
//! use taskferry_core::{ErrorKind, StageError};
//! use taskferry_retry::RetryOptions;
//!
//! let mut calls = 0;
//! let options = RetryOptions { initial_delay: "1ms".parse().unwrap(), ..RetryOptions::default() };
//! let answer = taskferry_retry::run(&options, "ask", async || {
//!     calls += 1;
//!     if calls < 3 { Err(StageError::new(ErrorKind::Unavailable, "busy").temporary()) } else { Ok("done") }
//! })
//! .await;
//! assert_eq!((answer.unwrap(), calls), ("done", 3));
//! # });
//! ```

mod after;
mod policy;

pub use after::retry_after;
pub use policy::{RetryOptions, run};
