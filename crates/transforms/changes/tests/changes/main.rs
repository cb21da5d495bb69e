//! Behavior of `changes` over several runs.

#![allow(clippy::unwrap_used, reason = "a failed test panics")]

mod comparison;
mod conformance;
mod files;
mod model;
mod options;
mod removals;
mod runs;
