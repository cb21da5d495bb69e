//! A transform of your own: `join_job_names` adds what the export does not carry, the name and family of a
//! job, from a CSV file that any HR system can write.
//!
//! The crate knows `taskferry` alone. Its options are a struct with doc comments, from which come the parser,
//! `plugins join_job_names` and the error messages; the work is one function a record.
//!
//! ```
//! use example_job_names::JoinJobNames;
//! use taskferry::sdk::Plugin;
//!
//! assert_eq!(JoinJobNames::TYPE, "join_job_names");
//! ```

mod config;
mod names;
mod transform;

pub use config::{JoinJobNames, Unknown};
