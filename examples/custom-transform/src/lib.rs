//! An example of a custom transform: `join_job_names` adds the name and family of a job from a CSV file.
//!
//! The crate depends on `taskferry-sdk`. Its options are a struct with doc comments (`config.rs`), which defines the
//! parser, `taskferry plugins join_job_names` and the error messages. `transform.rs` builds the transform from
//! the options: a closure that reads a record and changes it.

mod config;
mod names;
mod transform;

pub use config::{JoinJobNames, Unknown};

use taskferry_sdk::Plugins;

/// Registers the plugins of this crate.
pub fn register(plugins: &mut impl Plugins) {
    plugins.transform::<JoinJobNames>();
}
