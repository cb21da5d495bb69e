//! Lookups of a transform: batches, the cache, requests, options.

#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

mod batches;
mod cache;
mod driver;
#[path = "../plugin/job_titles.rs"]
mod job_titles;
mod options;
mod prepared;
mod refusals;
mod requests;
