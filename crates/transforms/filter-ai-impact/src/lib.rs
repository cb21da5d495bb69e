//! Transform `filter_ai_impact`: keeps the tasks with the wanted AI impact levels.
//!
//! Of a job it keeps the tasks that match, in a list as in a hierarchy, whose empty branches are pruned; of rows
//! it keeps those that match. A record that loses nothing is passed on as it came.
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

pub use config::{EmptyJobs, FilterAiImpact, Missing};
