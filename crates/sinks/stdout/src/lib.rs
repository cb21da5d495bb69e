//! Sink `stdout`: writes records to standard output, for the next program in a pipe.
//!
//! ```toml
//! [[sink]]
//! type = "stdout"
//! format = "csv"
//! columns = ["job_external_id", "task"]
//! ```
//! use serde_json::json;
//! use taskferry_sdk::{NoFiles, SinkPlugin, testing};
//! use taskferry_sink_stdout::StdoutOptions;
//!
//! assert!(testing::build(&json!({"format": "json"}), &NoFiles, StdoutOptions::build).is_ok());
//! ```
//! use serde_json::json;
//! use taskferry_sdk::{BuildContext, Endpoints, NoFiles, Registry};
//! use taskferry_sink_stdout::StdoutOptions;
//!
//! let mut registry = Registry::new();
//! registry.sink::<StdoutOptions>();
//! let endpoints = Endpoints::default();
//! let context = BuildContext::new(&NoFiles, &endpoints);
//! let built = registry.build_sink("stdout", &json!({"format": "json"}), &context).unwrap().unwrap();
//! assert_eq!(built.output_id.as_deref(), Some("stdout"));
//! ```

mod config;
mod sink;

pub use config::StdoutOptions;
