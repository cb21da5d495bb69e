//! A transform of your own: `join_job_names` adds what the export does not carry, the name and family of a
//! job, from a CSV file that any HR system can write.
//!
//! The crate depends on `taskferry-sdk`. Its options are a struct with doc comments (`config.rs`), from which come the
//! parser, `taskferry plugins join_job_names` and the error messages. `transform.rs` holds the work: one function, which
//! gets a record and emits what becomes of it.

mod config;
mod names;
mod transform;

pub use config::{JoinJobNames, Unknown};
