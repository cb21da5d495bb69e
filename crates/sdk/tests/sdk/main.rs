//! The interface of plugins.

#![expect(clippy::unwrap_used, reason = "a failed test panics")]

mod closures;
mod counters;
mod errors;
mod fields;
mod options;
mod origins;
mod output;
mod records;
mod secrets;
mod shards;
mod templates;
mod units;
mod untrusted;
