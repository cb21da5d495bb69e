//! Transform `select`: keeps, drops, renames and orders the fields of records.
//!
//! It applies to the fields of the record itself, so it usually follows `flatten_hierarchy`. Values keep their bytes.
//!
//! ```
//! use serde_json::json;
//! use taskferry_sdk::testing::TransformTest;
//! use taskferry_transform_select::Select;
//!
//! let options = json!({"fields": ["task", "weekly_hours"], "rename": {"weekly_hours": "hours"}});
//! let mut select = TransformTest::new::<Select>(&options).unwrap();
//! assert_eq!(
//!     select.apply(r#"{"task_id":"t1","weekly_hours":1.50,"task":"Plan"}"#)?,
//!     [r#"{"task":"Plan","hours":1.50}"#]
//! );
//! # Ok::<(), taskferry_sdk::StageError>(())
//! ```

mod config;
mod plugin;
mod transform;

pub use config::{Missing, Select};
