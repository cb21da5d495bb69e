//! The binary as users run it.

#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

mod context;
mod crashes;
mod endings;
mod faults;
mod mistakes;
mod output;
mod pipelines;
mod reference;
mod resumes;
mod rows;
mod sandbox;
mod tenant;
