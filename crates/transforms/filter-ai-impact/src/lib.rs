//! Transform `filter_ai_impact`: keeps tasks by their AI impact level.
//!
//! All other tasks are removed from lists and hierarchies, and all other rows are dropped. Branches that become empty are removed
//! too. A record without changes keeps its bytes.
//!
//! ```
//! use serde_json::json;
//! use taskferry_sdk::testing::TransformTest;
//! use taskferry_transform_filter_ai_impact::FilterAiImpact;
//!
//! let mut filter = TransformTest::new::<FilterAiImpact>(&json!({"at_most": "H2"})).unwrap();
//! let job = r#"{"external_id":"j1","tasks":[{"task_id":"t1","ai_impact":{"level":"H1"}},{"task_id":"t2","ai_impact":{"level":"H4"}}]}"#;
//! assert_eq!(
//!     filter.apply(job)?,
//!     [r#"{"external_id":"j1","tasks":[{"task_id":"t1","ai_impact":{"level":"H1"}}]}"#]
//! );
//! # Ok::<(), taskferry_sdk::StageError>(())
//! ```

mod config;
mod plugin;
mod tally;
mod transform;

pub use config::{FilterAiImpact, Missing};
