//! Behavior of `rename_skills` in a pipeline.

#![expect(clippy::unwrap_used, reason = "a failed test panics")]

mod conformance;
mod mapping;
mod skills;
