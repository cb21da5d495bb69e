//! Behavior of `changes` over several runs.

#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

mod comparison;
mod files;
mod model;
mod options;
mod removals;
mod runs;
