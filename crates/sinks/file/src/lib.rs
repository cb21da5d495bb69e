//! Sink `file`: writes records to a file that appears under its name only when complete.
//!
//! ```toml
//! [[sink]]
//! type = "file"
//! path = "out/{pipeline}-{date}.ndjson.zst"
//! compression = "zstd"
//! ```
//!
//! While a run lasts the bytes are in `.NAME.part` beside the final name. When all is written they are forced to disk, and only
//! then does the file get its name, replacing in one step whatever had it: a reader sees the old file or the new one, never
//! half of one. A run that fails leaves the old file alone, and what it has committed in `.NAME.part`, where the next run
//! continues.
//!
//! One page through the modules: `sink` is the stage. It owns an `output`, which writes records through `compress` and `measure`
//! into a `part`: `.NAME.part` from its creation to its publication. `state` is what a checkpoint holds of it.
//!
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
