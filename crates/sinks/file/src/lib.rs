//! Sink `file`: writes records to a file, which gets its name when it is complete.
//!
//! ```toml
//! [[sink]]
//! type = "file"
//! path = "out/{pipeline}-{date}.ndjson.zst"
//! compression = "zstd"
//! ```
//!
//! During a run, the bytes are in `.NAME.part` in the same folder. The complete file is synced to disk, then renamed, so a
//! reader sees either the old file or the new one. A failed run does not change the old file. The next run resumes with the
//! committed bytes of `.NAME.part`.
//!
//! | module | content |
//! |---|---|
//! | `config`, `sink` | the options and the sink |
//! | `output` | one file: create or resume, write, seal, publish |
//! | `compress`, `gzip`, `measure` | the bytes on their way to the file |
//! | `part`, `paths` | `.NAME.part` and `.NAME.rows`, and their paths |
//! | `diagnosis` | the check of the folder for `taskferry doctor` |
//! | `state`, `error` | the state in a checkpoint, and the errors |
//!
//! ```
//! use serde_json::json;
//! use taskferry_sdk::{NoFiles, SinkPlugin, testing};
//! use taskferry_sink_file::FileOptions;
//!
//! let build = |options| testing::build(&options, &NoFiles, FileOptions::build);
//! assert!(build(json!({"path": "out/{date}.csv", "format": "csv"})).is_ok());
//! let problems = build(json!({"path": "out/{date}.csv.gz", "format": "csv"})).unwrap_err();
//! assert_eq!(problems[0].help.as_deref(), Some("write `compression = \"gzip\"`, or use another extension"));
//! ```

mod compress;
mod config;
mod diagnosis;
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
