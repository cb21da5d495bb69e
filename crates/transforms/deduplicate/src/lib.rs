//! Transform `deduplicate`: drops records with the key of an earlier record.
//!
//! It keeps a 64-bit hash of each key in memory and in the checkpoint, so a resumed run drops the same records.
//!
//! ```
//! use serde_json::json;
//! use taskferry_sdk::testing::TransformTest;
//! use taskferry_transform_deduplicate::Deduplicate;
//!
//! let mut deduplicate = TransformTest::new::<Deduplicate>(&json!({"by": ["task_id"]})).unwrap();
//! assert_eq!(deduplicate.apply(r#"{"task_id":"t1"}"#)?.len(), 1);
//! assert_eq!(deduplicate.apply(r#"{"task_id":"t1","task":"again"}"#)?.len(), 0);
//! # Ok::<(), taskferry_sdk::StageError>(())
//! ```

mod config;
mod plugin;
mod transform;

pub use config::Deduplicate;
