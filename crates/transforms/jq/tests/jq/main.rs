//! Behavior of `jq`.

#![expect(clippy::unwrap_used, reason = "a failed test panics")]

mod conformance;
mod endless;
mod expressions;
mod functions;
mod index;
mod suite;
mod transform;
