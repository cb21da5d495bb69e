//! Behavior of `jq`.

#![expect(clippy::unwrap_used, reason = "a failed test panics")]

mod endless;
mod expressions;
mod suite;
mod transform;
