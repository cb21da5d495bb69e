//! Transform `join`: adds columns of a CSV or NDJSON file to records, by key.
//!
//! The export contains ids of jobs but no names. A list of jobs from another system adds the names:
//!
//! ```
//! use serde_json::json;
//! use taskferry_sdk::testing::{Files, TransformTest};
//! use taskferry_transform_join::Join;
//!
//! let files = Files::new().with("jobs.csv", "id,name\n007,Agent\n");
//! let options = json!({"file": "jobs.csv", "key": "job_external_id", "file_key": "id", "columns": ["name"]});
//! let mut join = TransformTest::with_files::<Join>(&options, &files).unwrap();
//! assert_eq!(
//!     join.apply(r#"{"job_external_id":"007","task":"Spy"}"#)?,
//!     [r#"{"job_external_id":"007","task":"Spy","name":"Agent"}"#]
//! );
//! # Ok::<(), taskferry_sdk::StageError>(())
//! ```

mod config;
mod key;
mod plugin;
mod table;
mod transform;

pub use config::{FileFormat, Join, Normalization, Unmatched};
