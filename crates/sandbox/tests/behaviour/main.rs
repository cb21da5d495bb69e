//! What clients see of a running sandbox.

#![expect(clippy::unwrap_used, reason = "a test that can't go on has failed")]

mod client;
mod dataset;
mod export;
mod generator;
mod lifecycle;
mod paging;
mod refusals;
mod token;
mod webhook;
