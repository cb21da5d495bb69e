//! Sink `stdout`: writes records to standard output, for the next program in a pipe.
//!
//! ```toml
//! [[sink]]
//! type = "stdout"
//! format = "csv"
//! columns = ["job_external_id", "task"]
//! ```
//!
//! ```
//! use serde_json::json;
//! use taskferry_sdk::{NoFiles, SinkPlugin, testing};
//! use taskferry_sink_stdout::StdoutOptions;
//!
//! assert!(testing::build(&json!({"format": "json"}), &NoFiles, StdoutOptions::build).is_ok());
//! ```

mod config;
mod sink;

pub use config::StdoutOptions;
