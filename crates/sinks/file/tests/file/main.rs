//! Behavior of the sink.

#![expect(clippy::unwrap_used, reason = "a failed test panics")]

mod content;
mod driver;
mod publish;
mod resume;
