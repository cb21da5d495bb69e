//! Transform `aggregate`: counts records and adds up numbers by group.
//!
//! It keeps the groups in memory. After the last record, it emits one record per group, in the order of their first records.
//! The groups are part of the checkpoint, so a resumed run gives the same result.
//!
//! ```
//! use serde_json::json;
//! use taskferry_sdk::testing::TransformTest;
//! use taskferry_transform_aggregate::Aggregate;
//!
//! let options = json!({"group_by": ["level"], "count": "tasks", "sum": {"hours": "weekly_hours"}});
//! let mut aggregate = TransformTest::new::<Aggregate>(&options).unwrap();
//! aggregate.apply(r#"{"level":"H1","weekly_hours":0.1}"#)?;
//! aggregate.apply(r#"{"level":"H2","weekly_hours":8}"#)?;
//! aggregate.apply(r#"{"level":"H1","weekly_hours":0.2}"#)?;
//! assert_eq!(
//!     aggregate.finish()?,
//!     [r#"{"level":"H1","tasks":2,"hours":0.3}"#, r#"{"level":"H2","tasks":1,"hours":8}"#]
//! );
//! # Ok::<(), taskferry_sdk::StageError>(())
//! ```

mod config;
mod group;
mod plugin;
mod transform;

pub use config::Aggregate;
