//! Lookups of a transform: batches, the cache, requests, options. The plugin is the template that `taskferry new` writes.

#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

mod batches;
mod cache;
#[path = "../../../../examples/templates/transform-async/src/config.rs"]
#[allow(unreachable_pub, reason = "the template is a library")]
#[rustfmt::skip]
mod config;
mod driver;
mod options;
mod prepared;
mod refusals;
mod requests;
#[path = "../../../../examples/templates/transform-async/src/transform.rs"]
#[allow(clippy::pedantic, reason = "authors of plugins use the default lints")]
#[rustfmt::skip]
mod transform;
