//! Transform `flatten_hierarchy`: turns jobs into rows, or a hierarchy into a flat list of tasks.
//!
//! The keys of a hierarchy record are not documented, so any nesting is accepted (see `taskferry-profile`). `docs/rows.md`
//! lists the fields of a row.
//!
//! ```
//! use serde_json::json;
//! use taskferry_sdk::testing::TransformTest;
//! use taskferry_transform_flatten_hierarchy::FlattenHierarchy;
//!
//! let mut flatten = TransformTest::new::<FlattenHierarchy>(&json!({})).unwrap();
//! let job = json!({"external_id": "j1", "domains": [{"domain": "Finance", "tasks": [
//!     {"task_id": "t1", "task": "Close the books", "ai_impact": {"level": "H2", "rationale": "Rules help"}},
//! ]}]});
//! assert_eq!(
//!     flatten.apply(&job.to_string())?,
//!     [concat!(
//!         r#"{"job_external_id":"j1","task_id":"t1","task":"Close the books","ai_impact_level":"H2","#,
//!         r#""ai_impact_rationale":"Rules help","domain":"Finance","subdomain":null,"cluster":null,"#,
//!         r#""canonical_task":null}"#,
//!     )]
//! );
//! # Ok::<(), taskferry_sdk::StageError>(())
//! ```

mod config;
mod explode;
mod plugin;
mod row;
mod transform;

pub use config::{FlattenHierarchy, Into};
