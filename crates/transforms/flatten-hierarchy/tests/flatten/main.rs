//! Behavior of `flatten_hierarchy` in a pipeline.

#![expect(clippy::unwrap_used, reason = "a failed test panics")]

mod conformance;
mod explanations;
mod rows;
