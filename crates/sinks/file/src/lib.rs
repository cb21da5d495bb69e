//! Sink `file`: writes records to a file that appears under its name only when complete.
//!
//! ```toml
//! [[sink]]
//! type = "file"
//! path = "out/{pipeline}-{date}.ndjson.zst"
//! compression = "zstd"
//! ```
//! use serde_json::json;
//! use taskferry_sdk::{NoFiles, SinkPlugin, testing};
//! use taskferry_sink_file::FileOptions;
//!
//! let build = |options| testing::build(&options, &NoFiles, FileOptions::build);
//! assert!(build(json!({"path": "out/{date}.csv", "format": "csv"})).is_ok());
//! let problems = build(json!({"path": "out/{date}.csv.gz", "format": "csv"})).unwrap_err();
//! assert_eq!(problems[0].help.as_deref(), Some("write `compression = \"gzip\"`, or another ending"));
//! ```
//! use serde_json::json;
//! use taskferry_sdk::{BuildContext, Endpoints, NoFiles, Registry};
//! use taskferry_sink_file::FileOptions;
//!
//! let mut registry = Registry::new();
//! registry.sink::<FileOptions>();
//! let endpoints = Endpoints::default();
//! let context = BuildContext::new(&NoFiles, &endpoints);
//! let build = |options| registry.build_sink("file", &options, &context).unwrap();
//!
//! let built = build(json!({"path": "out/{date}.csv", "format": "csv"})).unwrap();
//! assert_eq!(built.output_id.as_deref(), Some("file `out/{date}.csv`"));
//! let problems = build(json!({"path": "out/{date}.csv.gz", "format": "csv"})).unwrap_err();
//! assert_eq!(problems[0].help.as_deref(), Some("write `compression = \"gzip\"`, or another ending"));
//! ```

mod compress;
mod config;
mod error;
mod gzip;
mod measure;
mod output;
mod part;
mod paths;
mod sink;
mod state;

pub use compress::Compression;
pub use config::FileOptions;
